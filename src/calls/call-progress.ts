import { UsageError } from '../kit/index.ts'
import type { CallSound, MediaEvent, SpecialInformation } from '../media/index.ts'
import type { ChannelEvent } from './channel-events.ts'
import type { HeardTone, MutableCallDetails } from './details.ts'
import { Cause } from './enums.ts'
import type { CallHost, CallTimer } from './host.ts'
import type { LegJobs } from './leg-jobs.ts'

/** A tone by which a network tells a caller how the call gets on. */
export type CallTone = Exclude<CallSound, 'audio'>

/**
 * What to make of the tones that are heard before the answer: `end` ends the attempt when one of them says that it has
 * failed, `report` only says what is heard, `ignore` does not listen.
 */
export type EarlyMediaTones = 'ignore' | 'report' | 'end'

/** How the sound of an outgoing call is listened to while it is placed. */
export interface ToneOptions {
  /** Default 'end'. */
  earlyMediaTones?: EarlyMediaTones
  /**
   * The country whose network sends the tones, by its code of ISO 3166 such as `SE`: where busy there is what
   * congestion is elsewhere, or `GB`, where a tone without an end says that a number is unobtainable. Default: the cadences
   * that most networks use.
   */
  tonesOf?: string
}

/** @throws UsageError naming the value */
export function checkToneOptions({ earlyMediaTones, tonesOf }: ToneOptions): void {
  if (earlyMediaTones !== undefined && !['ignore', 'report', 'end'].includes(earlyMediaTones))
    throw new UsageError(`call: earlyMediaTones must be 'ignore', 'report' or 'end', not ${String(earlyMediaTones)}`)
  if (tonesOf !== undefined && !/^[A-Za-z]{2}$/.test(tonesOf))
    throw new UsageError(`call: tonesOf must be a country's code of two letters such as SE, not ${String(tonesOf)}`)
}

type HeardEvent = Extract<MediaEvent, { type: 'heard' }>

/** What a leg does about what is heard. */
export interface ProgressListener {
  /** Whatever is heard. */
  onHeard(event: HeardEvent): void
  emit(event: ChannelEvent): void
  /** A tone says that the call has failed, and nothing speaks against believing it. */
  onFailure(cause: Cause, text: string): void
}

/**
 * Listens to the sound of a call that is being placed, from the first session description until something else than a
 * tone is heard and the call is answered; where nothing is ever heard, until 20 s after the answer.
 */
export class CallProgress {
  readonly #host: CallHost
  readonly #jobs: LegJobs
  readonly #details: MutableCallDetails
  readonly #options: ToneOptions
  readonly #listener: ProgressListener
  #job: number | undefined
  #isDone = false
  #isAnswered = false
  /** The phone that rings, by its tag, and whether there are several. */
  #phone: string | undefined
  #isForked = false
  #patience: CallTimer | undefined

  constructor(
    host: CallHost,
    jobs: LegJobs,
    details: MutableCallDetails,
    options: ToneOptions,
    listener: ProgressListener,
  ) {
    this.#host = host
    this.#jobs = jobs
    this.#details = details
    this.#options = options
    this.#listener = listener
    this.#isDone = options.earlyMediaTones === 'ignore'
  }

  /** A provisional response came from the phone with this tag. */
  noteProgress(tag: string | undefined, hasSound: boolean): void {
    if (tag !== undefined && tag !== this.#phone) {
      this.#isForked = this.#phone !== undefined
      this.#phone = tag
    }
    if (hasSound) this.#listen()
  }

  /** The call is placed elsewhere: the phones that have rung so far are not those that will. */
  noteNextWay(): void {
    this.#phone = undefined
    this.#isForked = false
  }

  /** What is heard from now on is not known to be a network. */
  noteAnswer(): void {
    this.#isAnswered = true
    if (this.#details.firstAudioAt !== undefined) this.stop()
    if (this.#isDone) return
    this.#listen()
    this.#patience = this.#host.timer(() => this.stop())
    this.#patience.setIn(MOST_PATIENCE_MS)
  }

  /** Listens no more. */
  stop(): void {
    this.#isDone = true
    this.#patience?.clear()
    if (this.#job !== undefined) this.#jobs.stop(this.#job)
  }

  #listen(): void {
    if (this.#isDone || this.#job !== undefined) return
    const { tonesOf } = this.#options
    this.#job = this.#jobs.start(
      { type: 'detect', ...(tonesOf !== undefined && { country: tonesOf }) },
      { bargeIn: false, onHeard: (event) => this.#heard(event), onFinished: () => this.#patience?.clear() },
    )
  }

  #heard(event: HeardEvent): void {
    if (this.#isDone) return
    this.#listener.onHeard(event)
    const { sound, startedMsAgo, meaning } = event
    const startedAt = this.#host.wallTimeMs() - startedMsAgo
    if (sound === 'audio') {
      this.#details.firstAudioAt = startedAt
      this.#listener.emit({ type: 'audio', startedAt })
      if (this.#isAnswered) this.stop()
      return
    }
    const heard: HeardTone = { tone: sound, startedAt, ...(meaning !== undefined && { meaning }) }
    this.#details.tonesHeard ??= []
    if (this.#details.tonesHeard.length < MOST_TONES) this.#details.tonesHeard.push(heard)
    this.#listener.emit({ type: 'tone', ...heard })
    const cause = causeOfTone(sound, meaning)
    const ends = (this.#options.earlyMediaTones ?? 'end') === 'end'
    if (cause === undefined || !ends || this.#isAnswered || this.#isForked) return
    this.stop()
    const what = meaning === undefined || meaning === 'unspecified' ? NAMES[sound] : `${NAMES[sound]} (${meaning})`
    this.#listener.onFailure(cause, `${what} heard before the answer`)
  }
}

/** Why a call has failed by the tone that says so; `undefined` for ringback. */
export function causeOfTone(tone: CallTone, meaning?: SpecialInformation): Cause | undefined {
  if (tone === 'ringback') return undefined
  if (tone === 'busy') return Cause.BUSY
  if (tone === 'congestion' || meaning === 'reorder') return Cause.CONGESTION
  return meaning === 'noCircuit' ? Cause.NOCHANNELS : Cause.UNOBTAINABLE
}

const NAMES: Readonly<Record<CallTone, string>> = {
  ringback: 'ringback',
  busy: 'busy tone',
  congestion: 'congestion tone',
  unobtainable: 'number unobtainable tone',
  specialInformation: 'special information tone',
}

/** Whoever plays tones in turn for as long as it rings fills no memory. */
const MOST_TONES = 16
/** Somebody who answers and says nothing is silent: there is no first word to wait for. */
const MOST_PATIENCE_MS = 20_000

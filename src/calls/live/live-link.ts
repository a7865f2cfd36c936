import { RingdownError } from '../../kit/index.ts'
import type { JobId } from '../../media/index.ts'
import type { BargeInCommand } from '../barge-in.ts'
import type { ChannelCore } from '../channel-core.ts'
import type { Leg } from '../leg.ts'
import type { JobCommand, JobListener } from '../leg-jobs.ts'
import type { JobEnd } from '../media-job.ts'
import type { LiveFormat } from './live-format.ts'
import { LiveInput } from './live-input.ts'
import { LiveOutput } from './live-output.ts'

/** Who uses a live link. */
export interface LiveLinkListener {
  /** There may be more to read of what the far end says. */
  onSound(): void
  /** Both directions are over: ABORTED after `stop`, HANGUP, or ERROR. Nothing follows. */
  onEnd(end: JobEnd, error: Error | undefined): void
}

/**
 * The sound of a call, live, in both directions: a tap of what the far end says, and a player of what is said to it. Each
 * begins when it is asked for; they end together.
 */
export class LiveLink {
  readonly input: LiveInput
  readonly output: LiveOutput
  readonly #core: ChannelCore
  readonly #leg: Leg
  readonly #name: string
  readonly #listener: LiveLinkListener
  readonly #jobs: JobId[] = []
  /** Jobs that were asked for and have not ended. */
  #running = 0
  #end: JobEnd | undefined
  #error: Error | undefined
  #speaks = false
  #stopListening: () => void = () => {}

  constructor(core: ChannelCore, leg: Leg, name: string, format: LiveFormat, listener: LiveLinkListener) {
    this.#core = core
    this.#leg = leg
    this.#name = name
    this.#listener = listener
    this.input = new LiveInput(format, (lostMs) => core.host.count('liveAudioLostMs', lostMs))
    this.output = new LiveOutput(format)
  }

  /** Whether both directions are over. */
  get isOver(): boolean {
    return this.#end !== undefined
  }

  /** Begins to listen to the far end. */
  listen(): void {
    this.#start({ type: 'tap', ring: this.input.ring }, { onTapped: () => this.#listener.onSound() })
  }

  /**
   * Takes the place of the transmitter, and plays what {@link output} is given until the link ends. Nothing happens when it
   * has it already.
   * @throws UsageError when another transmitter runs
   */
  speak(): void {
    if (this.#speaks) return
    this.#core.claimTransmitter(this.#name)
    this.#speaks = true
    this.#start(
      { type: 'play', source: { kind: 'live', audio: this.output.audio }, bargeIn: false },
      { onReached: () => this.output.onReached() },
    )
  }

  /** Lets the far end cut short what is played to it: what waits then is forgotten. */
  interruptBy({ bargeIn, bargeInOnSpeech }: BargeInCommand): void {
    if (bargeIn) this.#stopListening = this.#core.events.on('digit', () => this.#interrupt())
    if (bargeInOnSpeech)
      this.#start(
        { type: 'listen', for: { bargeIn: false } },
        { onVoice: (state) => state === 'began' && this.#interrupt() },
      )
  }

  /** Ends both directions. What was not played yet never is. */
  stop(): void {
    this.#core.host.post(() => {
      for (const job of this.#jobs) this.#leg.media.jobs.stop(job)
    })
  }

  #start(command: JobCommand, listener: Pick<JobListener, 'onTapped' | 'onReached' | 'onVoice'>): void {
    this.#running++
    this.#core.host.post(() => {
      if (this.#end !== undefined || this.#leg.isEnding) {
        this.#finished(this.#end ?? 'HANGUP')
        return
      }
      const job = this.#leg.media.jobs.start(command, {
        ...listener,
        bargeIn: false,
        onFinished: (end, { detail }) => this.#finished(end, detail),
      })
      this.#jobs.push(job)
    })
  }

  #interrupt(): void {
    if (!this.isOver) this.output.clear()
  }

  /** One of them is over; the others follow. */
  #finished(end: JobEnd, detail?: string): void {
    this.#running--
    if (this.#end === undefined) {
      this.#end = end
      if (end === 'ERROR')
        this.#error = new RingdownError('RINGDOWN_INTERNAL', detail ?? 'the media engine reported an error')
      for (const job of this.#jobs) this.#leg.media.jobs.stop(job)
    }
    if (this.#running > 0) return
    this.#stopListening()
    if (this.#speaks) this.#core.releaseTransmitter()
    this.output.end()
    this.#listener.onEnd(this.#end, this.#error)
  }
}

import { Fifo, type Instant, NEVER } from '../../../kit/index.ts'
import { type CallSound, CallToneDetector } from '../call-tone-detector.ts'
import type { SpecialInformation } from '../special-information.ts'
import { VoiceActivityDetector } from '../voice-activity-detector.ts'
import type { FarEndEvent, FarEndOptions, FarEndSignal, FarEndVerdict } from './far-end.ts'

/**
 * Tells who has picked up an outgoing call, by what is heard of it and what signalling says: a person, an answering machine,
 * a fax machine, an announcement of the network, somebody's screening of calls, a tone, or nobody that can be named.
 *
 * The same samples and signals at the same instants give the same events, bit for bit. Nothing is thrown once it is
 * constructed, and at the deadline there is a verdict whatever happened.
 *
 *     hear(), missing(), signal()   one mutation each       poll()   the next event or `undefined`
 *     deadline()   when expire must be called at the latest, or NEVER       expire(now)
 */
export class FarEndDetector {
  readonly #timeoutMs: number
  readonly #countsFromRealAnswer: boolean
  readonly #outbox = new Fifo<FarEndEvent>()
  readonly #frame = new Int16Array(FRAME)
  readonly #voice = new VoiceActivityDetector({ hangoverMs: 100 })
  readonly #callTones: CallToneDetector
  /** Samples of the frame in progress, and whether any of them is made up. */
  #filled = 0
  #isWhole = true
  /** When the first sample was heard; everything else is counted from it. */
  #originMs: Instant | undefined
  #frames = 0
  #deadlineMs: Instant = NEVER
  #final: FarEndVerdict | undefined

  constructor({ start = 'DEFAULT', timeoutMs = 7000, country }: FarEndOptions = {}) {
    this.#timeoutMs = timeoutMs
    this.#countsFromRealAnswer = start === 'TIMEOUT_FROM_ANSWER_DETECT'
    this.#callTones = new CallToneDetector(
      (sound, agoMs, meaning) => this.#hearCallSound(sound, agoMs, meaning),
      country,
    )
  }

  /**
   * Hears what the far end sent: 8 kHz, one channel, of any length.
   * @param atMs when the first of the samples was heard
   */
  hear(samples: Int16Array, atMs: Instant): void {
    this.#bridge(atMs)
    for (let at = 0; at < samples.length; ) {
      const count = Math.min(FRAME - this.#filled, samples.length - at)
      this.#frame.set(samples.subarray(at, at + count), this.#filled)
      at += count
      this.#fill(count)
    }
  }

  /** So much of what the far end sent was lost on the way, or came too late: that is no silence. */
  missing(durationMs: number, atMs: Instant): void {
    this.#bridge(atMs)
    this.#miss(Math.round(durationMs * SAMPLES_PER_MS))
  }

  signal(signal: FarEndSignal, atMs: Instant): void {
    if (signal === 'answered') this.#deadlineMs = atMs + this.#timeoutMs
    else if (signal === 'promptStarted') this.#voice.isGuarded = true
    else if (signal === 'promptEnded') this.#voice.isGuarded = false
  }

  /** The next event, or `undefined` when all have been taken. */
  poll(): FarEndEvent | undefined {
    return this.#outbox.shift()
  }

  /** When {@link expire} must be called at the latest, or NEVER. */
  deadline(): Instant {
    return this.#final === undefined ? this.#deadlineMs : NEVER
  }

  /** Lets what is due at `now` act. Calling it early or twice is harmless. */
  expire(now: Instant): void {
    if (this.#final !== undefined || now < this.#deadlineMs) return
    this.#final = {
      type: 'verdict',
      stage: 'final',
      kind: 'unknown',
      fineKind: 'silence',
      confidence: 1,
      reason: 'deadline',
      decidedAtMs: now,
      evidence: [],
    }
    this.#outbox.push(this.#final)
  }

  /** What was skipped without a word is missing; a little of it is what clocks and packets do. */
  #bridge(atMs: Instant): void {
    this.#originMs ??= atMs
    const aheadMs = atMs - this.#nowMs - this.#filled / SAMPLES_PER_MS
    if (aheadMs > MOST_AHEAD_MS) this.#miss(Math.round(Math.min(aheadMs, MOST_MISSING_MS) * SAMPLES_PER_MS))
  }

  #miss(samples: number): void {
    for (let left = Math.min(samples, MOST_MISSING_MS * SAMPLES_PER_MS); left > 0; ) {
      const count = Math.min(FRAME - this.#filled, left)
      this.#frame.fill(0, this.#filled, this.#filled + count)
      this.#isWhole = false
      left -= count
      this.#fill(count)
    }
  }

  #fill(count: number): void {
    this.#filled += count
    if (this.#filled < FRAME) return
    this.#filled = 0
    const isWhole = this.#isWhole
    this.#isWhole = true
    this.#frames++
    this.#hearFrame(isWhole)
    this.expire(this.#nowMs)
  }

  /** The end of the last whole frame. */
  get #nowMs(): Instant {
    return this.#originMs! + this.#frames * FRAME_MS
  }

  #hearFrame(isWhole: boolean): void {
    const edge = this.#voice.hear(this.#frame, isWhole)
    const startedAtMs = this.#originMs! + this.#voice.beganAtMs
    if (edge === 'begins') this.#outbox.push({ type: 'speechStarted', startedAtMs, atMs: this.#nowMs })
    else if (edge === 'ends') {
      const endedAtMs = this.#originMs! + this.#voice.endedAtMs
      this.#outbox.push({ type: 'speechEnded', startedAtMs, endedAtMs, atMs: this.#nowMs })
    }
    this.#callTones.hear(this.#frame, isWhole)
  }

  #hearCallSound(sound: CallSound, agoMs: number, meaning: SpecialInformation | undefined): void {
    if (sound === 'audio') return
    const startedAtMs = this.#nowMs - agoMs
    if (sound === 'ringback' && this.#countsFromRealAnswer) this.#deadlineMs = this.#nowMs + this.#timeoutMs
    this.#outbox.push({ type: 'tone', tone: sound, startedAtMs, atMs: this.#nowMs, ...(meaning && { meaning }) })
  }
}

const FRAME = 160
const FRAME_MS = 20
const SAMPLES_PER_MS = 8
/** Packets of 60 ms are handed over whole. */
const MOST_AHEAD_MS = 80
const MOST_MISSING_MS = 60_000

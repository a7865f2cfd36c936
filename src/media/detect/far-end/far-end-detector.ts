import { Fifo, type Instant, NEVER } from '../../../kit/index.ts'
import { energy } from '../../dsp/level.ts'
import type { FarEndEvent, FarEndOptions, FarEndSignal } from './far-end.ts'
import { FarEndEars } from './far-end-ears.ts'
import { FarEndJudge } from './far-end-judge.ts'
import { SpeechTimeline } from './speech-timeline.ts'

/**
 * Tells who has picked up an outgoing call, by what is heard of it and what signalling says: a person, an answering machine,
 * a fax machine, an announcement of the network, somebody's screening of calls, a tone, or nobody that can be named.
 *
 * The same samples and signals at the same instants give the same events, bit for bit. Nothing is thrown once it is
 * constructed, and at the deadline there is a verdict whatever happened. It goes on listening after that, and revises what
 * turns out to be wrong.
 *
 *     hear(), missing(), signal()   one mutation each       poll()   the next event or `undefined`
 *     deadline()   when expire must be called at the latest, or NEVER       expire(now)
 */
export class FarEndDetector {
  readonly #timeoutMs: number
  readonly #waitsForRealAnswer: boolean
  readonly #quietAfterBeepMs: number
  readonly #quietAfterGreetingMs: number
  readonly #outbox = new Fifo<FarEndEvent>()
  readonly #frame = new Int16Array(FRAME)
  readonly #ears: FarEndEars
  readonly #speech = new SpeechTimeline()
  readonly #judge: FarEndJudge
  /** Samples of the frame in progress, and whether any of them is made up. */
  #filled = 0
  #isWhole = true
  /** When the first sample was heard; everything else is counted from it. */
  #originMs: Instant | undefined
  #frames = 0
  #deadlineMs: Instant = NEVER
  #answeredAtMs: Instant | undefined
  #startedAtMs: Instant = 0
  #beepEndedAtMs: Instant | undefined
  #isReady = false

  constructor({
    start = 'DEFAULT',
    timeoutMs = 7000,
    sensitivity = 0.5,
    country,
    decidesEarly = false,
    quietAfterBeepMs = 200,
    quietAfterGreetingMs = 4000,
  }: FarEndOptions = {}) {
    this.#timeoutMs = timeoutMs
    this.#waitsForRealAnswer = start === 'TIMEOUT_FROM_ANSWER_DETECT'
    this.#quietAfterBeepMs = quietAfterBeepMs
    this.#quietAfterGreetingMs = quietAfterGreetingMs
    this.#judge = new FarEndJudge(this.#speech, (verdict) => this.#outbox.push(verdict), sensitivity, decidesEarly)
    this.#ears = new FarEndEars((event) => this.#notice(event), country)
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

  /**
   * So much of what the far end sent was lost on the way, or came too late: that is no silence. Where nothing comes for more
   * than 200 ms, nothing was said.
   */
  missing(durationMs: number, atMs: Instant): void {
    this.#bridge(atMs)
    this.#miss(Math.round(durationMs * SAMPLES_PER_MS))
  }

  signal(signal: FarEndSignal, atMs: Instant): void {
    if (signal === 'answered' && this.#answeredAtMs === undefined) {
      this.#answeredAtMs = atMs
      this.#startClock(atMs)
      this.#speech.restart(atMs)
      this.#ears.restart()
    } else if (signal === 'promptStarted') this.#ears.isGuarded = true
    else if (signal === 'promptEnded') this.#ears.isGuarded = false
    this.#judge.signal(signal, atMs)
  }

  /** The next event, or `undefined` when all have been taken. */
  poll(): FarEndEvent | undefined {
    return this.#outbox.shift()
  }

  /** When {@link expire} must be called at the latest, or NEVER. */
  deadline(): Instant {
    return this.#judge.verdict === undefined ? this.#deadlineMs : NEVER
  }

  /** Lets what is due at `now` act. Calling it early or twice is harmless. */
  expire(now: Instant): void {
    if (now >= this.deadline()) this.#judge.end(now, this.#ears.pauseShare)
  }

  #startClock(now: Instant): void {
    this.#startedAtMs = now
    this.#deadlineMs = now + this.#timeoutMs
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
    this.#speech.hear(isWhole, FRAME_MS, energy(this.#frame, 0, FRAME) / FRAME)
    this.#ears.hear(this.#frame, isWhole, this.#nowMs)
    this.#followRinging()
    this.#judge.consider(this.#nowMs, this.#ears.pauseShare)
    this.#considerMessage()
    this.expire(this.#nowMs)
  }

  /** The end of the last whole frame. */
  get #nowMs(): Instant {
    return this.#originMs! + this.#frames * FRAME_MS
  }

  /** What the ears noticed, on its way to the judge and to whoever listens. */
  #notice(event: FarEndEvent): void {
    this.#outbox.push(event)
    if (event.type === 'speechStarted') {
      this.#speech.begin(Math.max(event.startedAtMs, this.#startedAtMs))
      // A greeting that goes on ends once more. A beep that has ended still counts: what is taken for speech within its moment of
      // quiet is mostly the noise of the line (5 of 244 messages on the dev split would find no moment to begin).
      this.#isReady = false
    } else if (event.type === 'speechEnded') this.#speech.end(event.endedAtMs)
    else if (event.type === 'tone') this.#judge.tone(event.tone, event.startedAtMs, event.atMs)
    else if (event.type === 'beepStarted') {
      this.#beepEndedAtMs = undefined
      this.#isReady = false
      this.#judge.beep(event.startedAtMs, event.frequencyHz, event.atMs)
    } else if (event.type === 'beepEnded') this.#beepEndedAtMs = event.endedAtMs
  }

  /** While it rings after the answer nobody is there yet, and the clock does not run if it is to wait for somebody. */
  #followRinging(): void {
    if (this.#answeredAtMs === undefined) return
    if (this.#ears.isRinging) {
      if (this.#waitsForRealAnswer) this.#startClock(this.#nowMs)
    } else if (this.#ears.hasStoppedRinging) {
      this.#ears.hasStoppedRinging = false
      this.#judge.restart()
      if (!this.#speech.isSpeaking) this.#speech.restart(this.#nowMs)
      this.#outbox.push({ type: 'ringingStopped', atMs: this.#nowMs })
    }
  }

  #considerMessage(): void {
    if (this.#isReady || !this.#judge.isMachine) return
    if (this.#beepEndedAtMs !== undefined) {
      if (this.#nowMs - this.#beepEndedAtMs >= this.#quietAfterBeepMs) this.#sayReady('beep')
    } else if (
      !this.#ears.isBeeping &&
      !this.#ears.mayBeep &&
      this.#ears.pauseShare < LOUDEST_PAUSE &&
      this.#speech.quietMs(this.#nowMs) >= this.#quietAfterGreetingMs
    )
      this.#sayReady('silence')
  }

  #sayReady(by: 'beep' | 'silence'): void {
    this.#isReady = true
    this.#beepEndedAtMs = undefined
    this.#outbox.push({ type: 'readyForMessage', by, atMs: this.#nowMs })
  }
}

const FRAME = 160
const FRAME_MS = 20
const SAMPLES_PER_MS = 8
/** Packets of 60 ms are handed over whole. */
const MOST_AHEAD_MS = 80
/** 5 dB below speech: what is louder after it is music, and no quiet. */
const LOUDEST_PAUSE = 0.3
const MOST_MISSING_MS = 60_000

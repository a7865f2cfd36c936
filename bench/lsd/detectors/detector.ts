/** What a detector may say of the far end. */
export type Verdict = 'person' | 'machine' | 'fax' | 'announcement' | 'screening' | 'signal' | 'unknown'

/** What a detector says. When it says so is measured by whoever feeds it. */
export type Outcome =
  | {
      readonly type: 'verdict'
      /** Only `final` and `revised` count as decisions. */
      readonly stage: 'provisional' | 'final' | 'revised'
      readonly kind: Verdict
      readonly detail?: string
      /** 0 to 1. */
      readonly confidence?: number
      readonly reason?: string
    }
  | { readonly type: 'tone'; readonly name: string }
  | { readonly type: 'beepStarted' }
  | { readonly type: 'beepEnded' }
  | { readonly type: 'readyForMessage'; readonly cause?: string }

/** What signalling tells, in the order of the call. */
export type CallSignal =
  | { readonly type: 'answered'; readonly atMs: number }
  | { readonly type: 'sourceChanged'; readonly atMs: number }
  /** Something is played to the far end, of which an echo may come back. */
  | { readonly type: 'promptStarted' | 'promptEnded'; readonly atMs: number }

/**
 * One call as a detector hears it: frames of 20 ms at 8 kHz in the order of media time, which is in ms since the first
 * packet of the call. Early media comes before `answered`.
 */
export interface CallListener {
  signal(signal: CallSignal): void
  /** @param atMs when the frame begins. The frame is reused. */
  hear(frame: Int16Array, atMs: number): void
  /** So much was lost, or came too late. */
  missing(durationMs: number, atMs: number): void
  /** What there is to say, one after the other, until `undefined`. */
  poll(): Outcome | undefined
}

/** What only a detector that has perfect ears may ask: how many words had been said by then, since the answer. */
export type Transcript = (untilMs: number) => number

export interface Detector {
  readonly name: string
  readonly title: string
  /** @param timeoutMs by when after the answer the verdict is wanted */
  listen(call: { readonly timeoutMs: number; readonly transcript: Transcript }): CallListener
}

/** For detectors that say little: a queue of what is to be said. */
export class Outbox {
  readonly #waiting: Outcome[] = []
  #isDecided = false

  get isDecided(): boolean {
    return this.#isDecided
  }

  /** The only verdict: later ones are not said. */
  decide(kind: Verdict, reason: string): void {
    if (this.#isDecided) return
    this.#isDecided = true
    this.#waiting.push({ type: 'verdict', stage: 'final', kind, reason })
  }

  say(outcome: Outcome): void {
    this.#waiting.push(outcome)
  }

  poll(): Outcome | undefined {
    return this.#waiting.shift()
  }
}

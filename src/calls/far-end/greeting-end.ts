import type { CallHost, CallTimer } from '../host.ts'
import type { FarEndDetails, HeardStretch } from './far-end-details.ts'

/** What ends a greeting. */
export interface GreetingEndOptions {
  /** What is shorter is no beep, ms. */
  readonly minBeepMs: number
  /** How quiet it has to be after a beep, ms. */
  readonly postBeepSilenceMs: number
  /** How quiet it has to be without one, ms. */
  readonly noBeepSilenceMs: number
}

/**
 * Tells when the greeting of an answering machine is over: when it has been quiet for so long after a beep, or for longer
 * without one. What was heard before anybody asked counts as well.
 */
export class GreetingEnd {
  readonly #host: CallHost
  readonly #heard: Pick<FarEndDetails, 'speech' | 'beeps' | 'listeningSince'>
  readonly #options: GreetingEndOptions
  readonly #timer: CallTimer
  readonly #onOver: () => void

  /** @param onOver is called once */
  constructor(
    host: CallHost,
    heard: Pick<FarEndDetails, 'speech' | 'beeps' | 'listeningSince'>,
    options: GreetingEndOptions,
    onOver: () => void,
  ) {
    this.#host = host
    this.#heard = heard
    this.#options = options
    this.#timer = host.timer(() => this.look())
    this.#onOver = onOver
  }

  /** Something was heard, or has ended; or time has passed. */
  look(): void {
    this.#timer.clear()
    const overAt = this.#overAt
    if (overAt === undefined) return
    const waitMs = overAt - this.#host.wallTimeMs()
    if (waitMs > 0) this.#timer.setIn(waitMs)
    else this.#onOver()
  }

  stop(): void {
    this.#timer.clear()
  }

  /** `undefined` while there is sound. */
  get #overAt(): number | undefined {
    const { speech, beeps, listeningSince } = this.#heard
    const { minBeepMs, postBeepSilenceMs, noBeepSilenceMs } = this.#options
    const spokeUntil = endOf(speech.at(-1))
    const beep = beeps.at(-1)
    const beepedUntil = endOf(beep)
    if (spokeUntil === undefined || beepedUntil === undefined) return undefined
    const isBeep = beep !== undefined && beepedUntil - beep.startedAt >= minBeepMs && beepedUntil >= spokeUntil
    return isBeep
      ? beepedUntil + postBeepSilenceMs
      : Math.max(spokeUntil, beepedUntil, listeningSince) + noBeepSilenceMs
  }
}

/** @returns 0 for what never was, `undefined` while it goes on */
function endOf(stretch: HeardStretch | undefined): number | undefined {
  return stretch === undefined ? 0 : stretch.endedAt
}

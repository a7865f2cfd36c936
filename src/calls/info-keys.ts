import type { CallHost, CallTimer } from './host.ts'
import type { Leg } from './leg.ts'
import type { JobListener } from './leg-jobs.ts'

/**
 * Presses keys towards a far end by SIP INFO, one after the other: each waits for the answer to the one before it and
 * for the time that a gateway needs to sound it.
 */
export class InfoKeys {
  readonly #leg: Leg
  readonly #listener: JobListener
  readonly #timer: CallTimer
  #left: string
  #isOver = false
  #forget: () => void = () => {}

  /** Begins at once; the listener hears of the end, possibly from within. */
  constructor(host: CallHost, leg: Leg, keys: string, listener: JobListener) {
    this.#leg = leg
    this.#listener = listener
    this.#left = keys
    this.#timer = host.timer(() => this.#next())
    this.#forget = leg.onEnding(() => this.#finish('HANGUP'))
    if (!this.#isOver) this.#next()
  }

  /** Presses another key after those that wait, unless they are too many; false when all is over. */
  add(key: string): boolean {
    if (!this.#isOver && this.#left.length < MOST_WAITING) this.#left += key
    return !this.#isOver
  }

  stop(): void {
    this.#finish('ABORTED')
  }

  #next(): void {
    const key = this.#left[0]
    this.#left = this.#left.slice(1)
    if (key === undefined) this.#finish('NORMAL')
    else if (key === ',') this.#timer.setIn(COMMA_MS)
    else {
      const body = `Signal=${key}\r\nDuration=${PRESS_MS}\r\n`
      this.#leg.dialog.sendInfo(body, 'application/dtmf-relay', (status) => this.#onAnswer(status))
    }
  }

  #onAnswer(status: number | undefined): void {
    if (this.#isOver) return
    if (status !== undefined && status < 300) this.#timer.setIn(PRESS_MS + PAUSE_MS)
    else this.#finish('ERROR', `the far end takes no keys by INFO: ${status ?? 'no answer'}`)
  }

  #finish(cause: 'NORMAL' | 'ABORTED' | 'HANGUP' | 'ERROR', detail?: string): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#timer.clear()
    this.#forget()
    this.#listener.onFinished(cause, detail === undefined ? {} : { detail })
  }
}

const PRESS_MS = 160
const PAUSE_MS = 60
const COMMA_MS = 500
/** As many as an application may press at once: more come only from a hostile far end. */
const MOST_WAITING = 32

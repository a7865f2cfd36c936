import type { PhoneClock } from './environment.ts'
import type { ExpectationError } from './expectation-error.ts'
import type { PhoneLine } from './phone-line.ts'

/** How an expectation is bounded. */
export interface WithinOptions {
  /** Fail when it has not happened within this much time, ms. Default 30,000. */
  readonly withinMs?: number
}

/** How {@link Phone.until} waits. */
export interface UntilOptions extends WithinOptions {
  /** The end of the call is what is waited for, or does not matter. Default false: it ends the waiting with an error. */
  readonly isForEnd?: boolean
  /** Ask this often too, although nothing has happened, ms. */
  readonly lookEachMs?: number
  /** What happened instead, for the message. */
  readonly instead?: () => string
}

/** What is waited for on one phone. */
export class Expectations {
  readonly #clock: PhoneClock
  readonly #line: Pick<PhoneLine, 'state' | 'ended' | 'calls'>
  readonly #name: string
  readonly #failure: (message: string, stack: readonly string[]) => ExpectationError
  readonly #waiting = new Set<() => void>()

  /** @param failure makes the error about the phone with this name */
  constructor(
    clock: PhoneClock,
    line: Pick<PhoneLine, 'state' | 'ended' | 'calls'>,
    name: string,
    failure: (message: string, stack: readonly string[]) => ExpectationError,
  ) {
    this.#clock = clock
    this.#line = line
    this.#name = name
    this.#failure = failure
  }

  /** Something happened to the phone or came to its ears: whoever waits looks again. */
  changed(): void {
    for (const look of [...this.#waiting]) look()
  }

  /** See {@link Phone.until}. */
  until(
    what: string,
    holds: () => boolean,
    { withinMs = 30_000, isForEnd = false, lookEachMs, instead = () => '' }: UntilOptions = {},
  ): Promise<void> {
    const clock = this.#clock
    const line = this.#line
    const name = `${this.#name} ${what}`
    if (holds()) return clock.pull(name, Promise.resolve())
    const waiter = clock.waiter<void>(name)
    const calls = line.calls
    const stop = () => {
      callOff()
      stopLooking()
      this.#waiting.delete(look)
    }
    const fail = (why: string) => {
      stop()
      waiter.reject(this.#failure(`${what}${why}${instead()}`, waiter.stack))
    }
    const callOff = clock.after(withinMs, () => fail(`: nothing within ${withinMs / 1000} s`), name)
    let stopLooking = () => {}
    const look = () => {
      if (holds()) {
        stop()
        waiter.resolve()
      } else if (!isForEnd && line.ended !== undefined && line.calls === calls && calls > 0) {
        const { by, status } = line.ended
        fail(
          `, but the call ended first (${by === 'phone' ? 'we hung up' : status === undefined ? 'the far end hung up' : `status ${status}`})`,
        )
      }
    }
    const lookAgain = () => {
      if (lookEachMs === undefined) return
      stopLooking = clock.after(
        lookEachMs,
        () => {
          lookAgain()
          look()
        },
        name,
      )
    }
    lookAgain()
    this.#waiting.add(look)
    const promise = clock.pull(name, waiter.promise)
    if (line.state === 'IDLE') look()
    return promise
  }
}

/**
 * The one contract of every protocol in the house: bytes, commands and `now` go in; datagrams, events and one
 * next deadline come out. A machine owns no socket, clock, timer or randomness that was not handed to it.
 *
 * A driver does, for ever: `handle(input, now)` or `expire(now)`, then `poll()` until it returns `undefined`,
 * then re-arms one timer at `deadline()`. Outputs must be drained before the next mutation.
 */
export interface Machine<Input, Output> {
  /** One mutation: takes an input that happened at `now`. */
  handle(input: Input, now: Instant): void
  /** The next output, or `undefined` when all have been taken. */
  poll(): Output | undefined
  /** When `expire` must be called at the latest, or {@link NEVER}. */
  deadline(): Instant
  /** Lets every timer that is due at `now` act. Calling it early or twice is harmless. */
  expire(now: Instant): void
}

/** Monotonic time in milliseconds (fractions allowed) since an arbitrary origin. Never wall time. */
export type Instant = number

/** The deadline of a machine that waits for nothing. */
export const NEVER: Instant = Number.POSITIVE_INFINITY

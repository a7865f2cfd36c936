import { Fifo, type Instant, type Machine, TimerTable } from '../../kit/index.ts'

/**
 * A state machine written down as data: for each state, what each event does. A row names the next state, then the
 * actions in order. An event without a row is absorbed in that state.
 */
export type TransitionTable<State extends string, Event extends string, Action extends string> = {
  readonly [S in State]: { readonly [E in Event]?: readonly [next: State, ...actions: Action[]] }
}

/**
 * What the four transactions of RFC 3261 section 17 have in common: a {@link TransitionTable} that is followed, the
 * timers, which are events too, and the outbox. A transaction adds its table and what each action means.
 */
export abstract class TransactionMachine<
  State extends string,
  Event extends string,
  Action extends string,
  Timer extends Event,
  Input,
  Output,
> implements Machine<Input, Output>
{
  readonly #table: TransitionTable<State, Event, Action>
  readonly #timers: TimerTable<Timer>
  readonly #outbox = new Fifo<Output>()
  #state: State

  constructor(table: TransitionTable<State, Event, Action>, initial: State, timers: readonly Timer[]) {
    this.#table = table
    this.#state = initial
    this.#timers = new TimerTable(timers)
  }

  get state(): State {
    return this.#state
  }

  abstract handle(input: Input, now: Instant): void

  poll(): Output | undefined {
    return this.#outbox.shift()
  }

  deadline(): Instant {
    return this.#timers.next()
  }

  expire(now: Instant): void {
    for (let due = this.#timers.takeDue(now); due !== undefined; due = this.#timers.takeDue(now)) this.follow(due, now)
  }

  /** Carries out one action of a row. */
  protected abstract perform(action: Action, now: Instant): void

  /** Follows the row of `event` in the present state, if there is one. */
  protected follow(event: Event, now: Instant): void {
    const row = this.#table[this.#state][event]
    if (row === undefined) return
    this.#state = row[0]
    for (let i = 1; i < row.length; i++) this.perform(row[i] as Action, now)
  }

  /**
   * Starts a timer. One of zero length fires at once: that is how reliable transports skip the states that only
   * absorb retransmissions (timers D, I, J and K), so starting it is the last action of its row.
   */
  protected start(timer: Timer, delayMs: number, now: Instant): void {
    if (delayMs === 0) this.follow(timer, now)
    else this.#timers.set(timer, now + delayMs)
  }

  protected stop(timer: Timer): void {
    this.#timers.clear(timer)
  }

  protected stopAll(): void {
    this.#timers.clearAll()
  }

  protected emit(output: Output): void {
    this.#outbox.push(output)
  }
}

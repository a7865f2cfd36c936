import type { CallDetails, Cause, Channel, State } from 'ringdown'

/** What an application of the tests tells the test that started the exchange. */
export interface Report {
  readonly type: 'report'
  readonly app: string
  readonly state: State
  readonly cause: Cause
  readonly details: CallDetails | undefined
  /** States of the primary channel's call, in the order they were entered. */
  readonly states: readonly State[]
  /** When the far end put the call on hold and took it back, in order. */
  readonly holds: readonly ('hold' | 'retrieve')[]
  /** What the application itself found out. */
  readonly found: Readonly<Record<string, unknown>>
}

/** Notes the states of a channel from now on; `send` reports how its call went. */
export class Reporter {
  readonly #app: string
  readonly #channel: Channel
  readonly #states: State[]
  readonly #holds: ('hold' | 'retrieve')[] = []

  constructor(app: string, channel: Channel) {
    this.#app = app
    this.#channel = channel
    this.#states = [channel.state()]
    channel.on('state', ({ state }) => this.#states.push(state))
    channel.on('farEndHold', () => this.#holds.push('hold'))
    channel.on('farEndRetrieve', () => this.#holds.push('retrieve'))
  }

  send(found: Report['found'] = {}): void {
    const channel = this.#channel
    const report: Report = {
      type: 'report',
      app: this.#app,
      state: channel.state(),
      cause: channel.cause(),
      details: channel.details,
      states: this.#states,
      holds: this.#holds,
      found,
    }
    process.send?.(report)
  }
}

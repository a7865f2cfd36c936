import { expect } from 'vitest'
import {
  exchange,
  type Phone,
  type PhoneKind,
  type TestExchange,
  type TestExchangeOptions,
} from '../../../testing/index.ts'
import { type Channel, inbound, type State } from '../../index.ts'

/** A caller who is with an application that transfers him, and the exchange around. */
export interface Desk {
  readonly pbx: TestExchange
  readonly alice: Phone
  /** The states of the caller's channel, from the transfer on. */
  readonly states: State[]
  /** Everything is over, and nothing was left behind. */
  expectClean(): Promise<void>
}

/** Alice calls; we answer and run `app`. She is answered when this resolves. */
export async function desk(
  app: (channel: Channel, other: Channel) => Promise<void>,
  around: (pbx: TestExchange) => void = () => {},
  options: TestExchangeOptions = {},
  { from, kind }: { from?: string; kind?: PhoneKind } = {},
): Promise<Desk> {
  const states: State[] = []
  const desk = inbound(async (channel, { extraChannels }) => {
    await channel.answer()
    channel.on('state', ({ state }) => states.push(state))
    await app(channel, extraChannels[0] as Channel)
  })
  const pbx = exchange({ ...options, apps: { desk, ...options.apps } })
  around(pbx)
  const alice = pbx.phone('alice', kind)
  alice.dial('desk', from === undefined ? {} : { from })
  await alice.expectAnswer()
  const expectClean = async () => {
    await pbx.done()
    expect(pbx.runs.map(({ error }) => error).filter((error) => error !== undefined)).toEqual([])
    expect(pbx.exchange.alive).toBe(0)
    expect(pbx.exchange.exchange.counters.get('brokenInvariants')).toBe(0)
  }
  return { pbx, alice, states, expectClean }
}

import { expect } from 'vitest'
import {
  exchange,
  type Phone,
  type PhoneKind,
  type TestExchange,
  type TestExchangeOptions,
} from '../../../testing/index.ts'
import { type Channel, inbound } from '../../index.ts'

/** Alice and bob, whom an application has connected, and the exchange around them. */
export interface Switchboard {
  readonly pbx: TestExchange
  readonly alice: Phone
  readonly bob: Phone
  readonly carol: Phone
  /** What the application saw of the channels of alice and bob. */
  readonly seen: string[]
  /** The two hear each other. */
  expectTalk(one: Phone, other: Phone): Promise<void>
  /** Everything is over, and nothing was left behind. */
  expectClean(): Promise<void>
}

/** An application that connects who calls to bob, and waits until both have gone. */
export const connects = (seen: string[], listen: (channel: Channel) => void = () => {}) =>
  inbound(async (channel, { extraChannels }) => {
    const other = extraChannels[0] as Channel
    await channel.answer()
    await other.call('sip:bob@bob')
    for (const [name, each] of [['alice', channel] as const, ['bob', other] as const]) {
      each.on('state', ({ state }) => seen.push(`${name} ${state}`))
      each.on('disconnected', () => seen.push(`${name} alone`))
    }
    listen(channel)
    await channel.connect(other)
    await Promise.all([channel.waitForIdle(), other.waitForIdle()])
  })

/** Whoever may have calls transferred, to whomever. */
export const ANYBODY = { transfers: { from: 'everybody', hosts: ['*'] } } as const

/** @param kind of carol's phone */
export async function switchboard({
  kind,
  listen,
  ...options
}: TestExchangeOptions & { kind?: PhoneKind; listen?: (channel: Channel) => void } = {}): Promise<Switchboard> {
  const seen: string[] = []
  const pbx = exchange({ exchange: ANYBODY, ...options, apps: { desk: connects(seen, listen), ...options.apps } })
  const alice = pbx.phone('alice')
  const bob = pbx.phone('bob')
  const carol = pbx.phone('carol', kind)
  alice.dial('desk')
  await bob.expectCall()
  await bob.answer()
  await alice.expectAnswer()
  const expectTalk = async (one: Phone, other: Phone) => {
    for (const [from, to] of [
      [one, other],
      [other, one],
    ] as const) {
      await from.say(`This is ${from.name}.`)
      await to.expectSpeech(`This is ${from.name}.`, { withinMs: 3000 })
    }
  }
  await expectTalk(alice, bob)
  const expectClean = async () => {
    await pbx.done()
    expect(pbx.runs.map(({ error }) => error).filter((error) => error !== undefined)).toEqual([])
    expect(pbx.exchange.alive).toBe(0)
    expect(pbx.exchange.exchange.counters.get('brokenInvariants')).toBe(0)
  }
  return { pbx, alice, bob, carol, seen, expectTalk, expectClean }
}

import { expect } from 'vitest'
import type { EndpointOptions } from '../index.ts'
import { type Agent, connected, EMPTY_SIZES, type Pair } from './wire.ts'

export const REFER = 100
export const CAROL = 'sip:carol@example.com'

/** Bob accepts what alice refers him to, and reports these statuses, one each 100 ms. */
export function reports(agent: Agent, wire: Pair['wire'], statuses: readonly number[], status = 202): void {
  agent.on = (event) => {
    if (event.type !== 'referred') return
    agent.do({ type: 'respondRefer', refer: event.refer, status })
    for (const [i, each] of statuses.entries())
      later(wire, 100 * (i + 1), () => agent.do({ type: 'notifyRefer', refer: event.refer, status: each }))
  }
}

const pending = new WeakMap<Pair['wire'], { at: number; action: () => void }[]>()

export function later(wire: Pair['wire'], ms: number, action: () => void): void {
  const list = pending.get(wire) ?? []
  list.push({ at: wire.now + ms, action })
  pending.set(wire, list)
}

/** Lets time pass, and what was put off happen in it. */
export function run(wire: Pair['wire'], ms: number): void {
  const end = wire.now + ms
  while (wire.now < end) {
    wire.run(Math.min(50, end - wire.now))
    const list = pending.get(wire) ?? []
    const due = list.filter(({ at }) => at <= wire.now)
    pending.set(
      wire,
      list.filter(({ at }) => at > wire.now),
    )
    for (const { action } of due) action()
  }
}

export const calls = (options: Partial<EndpointOptions> = {}): Pair =>
  connected({ bob: { acceptsRefer: true, ...options } })

export function refer({ alice }: Pair, more: object = {}): void {
  alice.do({ type: 'refer', session: 1, refer: REFER, to: CAROL, ...more })
}

export function expectNothingLeft({ wire, alice, bob }: Pair): void {
  for (const agent of [alice, bob]) if (agent.endpoint.sizes().sessions > 0) agent.do({ type: 'bye', session: 1 })
  run(wire, 400_000)
  expect(alice.endpoint.sizes()).toEqual(EMPTY_SIZES)
  expect(bob.endpoint.sizes()).toEqual(EMPTY_SIZES)
}

export const refersOf = (agent: Agent): string[] => agent.heard.filter((event) => event.startsWith('refer'))

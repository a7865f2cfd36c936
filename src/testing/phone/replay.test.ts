import { describe, expect, test } from 'vitest'
import { type AppDefinition, type CallStory, type Channel, inbound, outbound } from '../../calls/index.ts'
import { exchange, type TestExchange } from '../test-exchange.ts'
import type { Phone } from './phone.ts'
import { phones } from './phones.ts'

/** The last call of an exchange, as JSON. */
function recorded(pbx: TestExchange): string {
  const [last] = pbx.exchange.exchange.recentCalls(1)
  return JSON.stringify(pbx.exchange.exchange.explain(last?.id ?? '')[0])
}

interface Moment {
  readonly atMs: number
  readonly what: string
}

/** What can be compared of two stories: messages without addresses and ids, and what happened. */
function plotOf(json: string): Moment[] {
  const { messages, events } = JSON.parse(json) as CallStory
  const said = messages.map(({ atMs, direction, text }) => {
    const first = (text.split('\r\n')[0] as string).replace(/ sips?:\S+ SIP.*/, '')
    const cseq = /^CSeq: (.*)$/m.exec(text)?.[1]?.trim()
    const directions = /^a=(sendrecv|sendonly|recvonly|inactive)/m.exec(text)?.[1] ?? ''
    return { atMs, what: `${direction} ${first} (${cseq}) ${directions}`.trim() }
  })
  const happened = events.map((event): Moment => {
    const { atMs, type } = event
    if (type === 'state') return { atMs, what: event.state }
    return { atMs, what: type === 'digit' ? `key ${event.digit ?? 'hidden'} by ${event.by}` : type }
  })
  return [...said, ...happened]
}

/** Holds two stories to be the same: all that was said and that happened, each at its time within `ms`. */
function expectSame(replayed: string, original: string, ms = 45): void {
  const [again, once] = [plotOf(replayed), plotOf(original)]
  expect(again.map(({ what }) => what)).toEqual(once.map(({ what }) => what))
  for (const [index, { atMs, what }] of again.entries())
    expect(Math.abs(atMs - (once[index]?.atMs ?? 0)), `${what} at ${atMs}`).toBeLessThanOrEqual(ms)
}

function outcomeOf(json: string): unknown {
  const { details } = JSON.parse(json) as CallStory
  const { cause, endedBy, endedIn, from, reason, rawCause, wasAnswered } = details ?? {}
  return { cause, endedBy, endedIn, from, reason, rawCause, wasAnswered }
}

const menu = inbound(async (channel) => {
  await channel.ring({ ringTimeMs: 1500 })
  await channel.answer()
  await channel.filePlayer.play('welcome.wav', { bargeIn: true })
  await channel.dtmfDetector.getDigits({ count: 1 })
  const pin = await channel.dtmfDetector.getDigits({ count: 4, private: true })
  pins.push(pin)
  await channel.waitForIdle()
})
const pins: string[] = []
const MENU = { apps: { '1000': menu }, files: { 'welcome.wav': 'Welcome to Acme, please press a key.' } }

/** Records a call of `script`, and one of its replay by another phone in another exchange. */
async function callTwice(
  script: (alice: Phone) => Promise<void>,
  options: { privateDigits?: string; to?: string } = {},
  kind = {},
): Promise<[once: string, again: string]> {
  const first = exchange(MENU)
  await script(first.phone('alice', kind))
  await first.done()
  const story = recorded(first)
  const second = exchange({ ...MENU, seed: 77 })
  second.phone('somebody else', phones.replay(story, options))
  await second.done()
  return [story, recorded(second)]
}

describe('phones.replay of a caller', () => {
  test('calls again: keys, hold, hang-up, each at its time', async () => {
    pins.length = 0
    const [once, again] = await callTwice(
      async (alice) => {
        await alice.call('1000', { headers: [['X-Account', '42']] })
        await alice.sleep(700)
        await alice.press('7')
        await alice.sleep(1000)
        await alice.press('1234')
        await alice.sleep(2000)
        await alice.hold()
        await alice.sleep(3000)
        await alice.resume()
        await alice.sleep(1234)
        await alice.hangUp()
      },
      { privateDigits: '1234' },
    )
    expectSame(again, once)
    expect(pins).toEqual(['1234', '1234'])
    expect(outcomeOf(again)).toEqual(outcomeOf(once))
    expect(outcomeOf(once)).toMatchObject({ cause: 'NORMAL', endedBy: 'remote' })
    expect(again).toContain('X-Account: 42')
  })

  test('keys by INFO, and as tones', async () => {
    for (const by of ['info', 'inband'] as const) {
      const press = async (alice: Phone) => {
        await alice.call('1000')
        await alice.sleep(300)
        await alice.press('5')
        await alice.sleep(500)
        await alice.hangUp()
      }
      const [once, again] = await callTwice(press, {}, phones.gateway(by))
      expectSame(again, once, by === 'info' ? 45 : 90)
    }
  })

  test('gives up while it rings, at the same moment', async () => {
    const [once, again] = await callTwice(async (alice) => {
      alice.dial('1000')
      await alice.sleep(900)
      await alice.hangUp()
    })
    expectSame(again, once)
    expect(outcomeOf(again)).toEqual(outcomeOf(once))
    expect(outcomeOf(once)).toMatchObject({ endedIn: 'RING_INCOMING', wasAnswered: false })
  })

  test('keeps to the answer, when the application gives it later than then', async () => {
    const [once] = await callTwice(async (alice) => {
      await alice.call('1000')
      await alice.sleep(1000)
      await alice.hangUp()
    })
    const slow = inbound(async (channel) => {
      await channel.ring({ ringTimeMs: 10_000 })
      await channel.answer()
      await channel.waitForIdle()
    })
    const pbx = exchange({ apps: { '*': slow } })
    pbx.phone('bob', phones.replay(once, { to: '2000' }))
    await pbx.done()
    const { ANSWERED = 0, IDLE = 0, CALL_INCOMING = 0 } = pbx.calls[0]?.times ?? {}
    expect(ANSWERED - CALL_INCOMING).toBeGreaterThan(9_900)
    expect(Math.abs(IDLE - ANSWERED - 1000)).toBeLessThan(50)
  })
})

describe('phones.replay of who was called', () => {
  async function dialTwice(kind: Parameters<TestExchange['phone']>[1], talk: (channel: Channel) => Promise<unknown>) {
    const app: AppDefinition = outbound(async (channel) => {
      if ((await channel.call('sip:bob@bob', { timeoutMs: 20_000 })) === channel.State.ANSWERED) await talk(channel)
    })
    const stories: string[] = []
    for (const each of [kind, undefined]) {
      const pbx = exchange({})
      pbx.phone('bob', each ?? phones.replay(stories[0] as string))
      await pbx.start(app)
      await pbx.done()
      stories.push(recorded(pbx))
    }
    return stories as [string, string]
  }

  test('rings, answers, presses keys, holds and hangs up as then', async () => {
    const bob = phones.scripted(async (phone) => {
      await phone.sleep(300)
      phone.respond(183, { phrase: 'Wait a moment', sound: true })
      await phone.sleep(2000)
      phone.ring()
      await phone.sleep(3000)
      await phone.answer()
      await phone.sleep(500)
      await phone.press('12')
      await phone.reinvite('inactive')
      await phone.sleep(1500)
      await phone.reinvite('sendrecv')
      await phone.sleep(800)
      await phone.hangUp()
    })
    const [once, again] = await dialTwice(bob, (channel) => channel.waitForIdle())
    expect(once).toContain('183 Wait a moment')
    expectSame(again, once)
    expect(outcomeOf(again)).toEqual(outcomeOf(once))
  })

  test('refuses with the same status, phrase and reason; or never answers', async () => {
    const refuses = phones.scripted(async (phone) => {
      await phone.sleep(1200)
      phone.respond(486, { phrase: 'Not Now', headers: [['Reason', 'Q.850;cause=17;text="busy"']] })
    })
    for (const kind of [refuses, phones.noAnswer(), phones.rejects(404)]) {
      const [once, again] = await dialTwice(kind, async () => {})
      expectSame(again, once)
      expect(outcomeOf(again)).toEqual(outcomeOf(once))
    }
  })

  test('stays until we hang up, and is on hold at first where it was', async () => {
    const held = { ...phones.person({ rings: 0, says: [] }), set: { direction: 'sendonly' as const } }
    const [once, again] = await dialTwice(held, async (channel) => {
      await channel.waitForIdle({ timeoutMs: 3000 })
      await channel.hangUp()
    })
    expectSame(again, once)
    expect(once).toContain('a=sendonly')
  })
})

test('what is no story is refused', () => {
  expect(() => phones.replay('no JSON')).toThrow(/no JSON/)
  expect(() => phones.replay('{}')).toThrow(/ringdown explain/)
  const story = { format: 'ringdown-call-story', version: 1, messages: [], events: [] } as unknown as CallStory
  expect(() => phones.replay(story)).toThrow(/the INVITE/)
})

import * as nodeCrypto from 'node:crypto'
import { expect, test } from 'vitest'
import { seededRandom } from '../../kit/index.ts'
import { srtpCryptoOf } from '../../media/index.ts'
import { DigestServer } from '../../sip/index.ts'
import { exchange, phones, type SimulatedExchange, type SipPeer, withSimulation } from '../../testing/index.ts'
import { type CallStory, type Channel, inbound, outbound } from '../index.ts'

const US = '192.0.2.1'
const THEM = '192.0.2.2'

/** The stories that an exchange can tell, the last call first. */
function storiesOf({ exchange }: SimulatedExchange): CallStory[] {
  return exchange.recentCalls().map(({ id }) => exchange.explain(id)[0] as CallStory)
}

/** What happened, a word for each thing. */
function plotOf({ events }: CallStory): string[] {
  return events.map((event) => {
    if (event.type === 'state') return event.state
    if (event.type === 'digit') return `key ${event.digit ?? 'hidden'}`
    return event.type
  })
}

function firstLines({ messages }: CallStory): string[] {
  return messages.map(({ direction, text }) => `${direction} ${text.split('\r\n')[0]}`)
}

test('a call tells its messages, what happened, who ended it and how it sounded', async () => {
  const app = inbound(async (channel) => {
    await channel.ring()
    await channel.answer()
    await channel.filePlayer.play('welcome.wav', { bargeIn: true })
    await channel.waitForIdle()
  })
  const pbx = exchange({ apps: { '*': app }, files: { 'welcome.wav': 'Welcome to Acme, please press a key.' } })
  const alice = pbx.phone('alice')
  await alice.call('1000')
  await alice.sleep(500)
  await alice.press('7')
  await alice.hangUp()
  await pbx.done()
  const [story] = storiesOf(pbx.exchange) as [CallStory]
  expect(firstLines(story)).toEqual([
    'received INVITE sip:1000@192.0.2.1 SIP/2.0',
    'sent SIP/2.0 180 Ringing',
    'sent SIP/2.0 200 OK',
    'received ACK sip:ringdown@192.0.2.1:5060 SIP/2.0',
    'received BYE sip:ringdown@192.0.2.1:5060 SIP/2.0',
    'sent SIP/2.0 200 OK',
  ])
  expect(plotOf(story)).toEqual([
    ...['CALL_INCOMING', 'RING_INCOMING', 'ANSWERING', 'stream', 'ANSWERED'],
    ...['started', 'key 7', 'finished', 'IDLE'],
  ])
  expect(story).toMatchObject({
    isOver: true,
    application: { service: '1000', returnCode: 0 },
    details: {
      direction: 'inbound',
      cause: 'NORMAL',
      endedBy: 'remote',
      endedIn: 'ANSWERED',
      media: { packetsLost: 0 },
    },
  })
  expect(story.details?.media?.quality?.mos).toBeGreaterThan(4)
  expect(story.startedAtMs).toBe(story.details?.times.CALL_INCOMING)
  expect(JSON.parse(JSON.stringify(story))).toEqual(story)
})

test('an outgoing call has its messages from the INVITE on, a live one says so, and an error of its application stands in it', async () => {
  const pbx = exchange({})
  pbx.phone('bob', phones.person())
  let live: CallStory | undefined
  await pbx.start(
    outbound(async (channel) => {
      await channel.call('sip:bob@bob')
      live = storiesOf(pbx.exchange)[0]
      throw new Error('a mistake of the application')
    }),
  )
  await pbx.done()
  const [story] = storiesOf(pbx.exchange) as [CallStory]
  expect(live).toMatchObject({ isOver: false, id: story.id })
  expect(live?.details?.cause).toBeUndefined()
  expect(firstLines(story)[0]).toBe('sent INVITE sip:bob@bob SIP/2.0')
  expect(new Set(story.messages.map(({ remote }) => remote.address)).size).toBe(1)
  expect(story.application).toMatchObject({ returnCode: -1, error: 'a mistake of the application' })
  expect(story.details).toMatchObject({ cause: 'ERROR', endedBy: 'local' })
})

test('a call that no application had has its refusal', async () => {
  const pbx = exchange({ apps: { '1000': inbound((channel: Channel) => channel.answer().then(() => {})) } })
  expect(await pbx.phone('alice').call('2000')).toBe(404)
  const [story] = storiesOf(pbx.exchange) as [CallStory]
  expect(story.details).toBeUndefined()
  expect(firstLines(story)).toContain('sent SIP/2.0 404 Not Found')
  expect(story.isOver).toBe(true)
})

test('private digits are nowhere, however they come: in the stream, by INFO, pressed ahead, or after the collection', () =>
  withSimulation({}, async (sim) => {
    let pin = ''
    const us = sim.exchange(US, {
      services: {
        '*': inbound(async (channel) => {
          await channel.answer()
          await channel.dtmfDetector.getDigits({ count: 1 })
          await sim.clock.sleep(200)
          pin = await channel.dtmfDetector.getDigits({ count: 4, private: true })
          await channel.waitForIdle()
        }),
      },
    })
    const call = sim.peer(THEM).invite(`sip:app@${US}`, { sdp: { telephoneEvent: null } })
    await call.expectResponse(200)
    call.ack()
    for (const key of '19876543') {
      call.request('INFO', { body: `Signal=${key}\r\n`, contentType: 'application/dtmf-relay' })
      await call.expectResponse(200)
      await sim.clock.sleep(100)
    }
    call.bye()
    await call.expectResponse(200)
    await sim.clock.sleep(100)
    expect(pin).toBe('9876')
    const [story] = storiesOf(us) as [CallStory]
    expect(plotOf(story).filter((each) => each.startsWith('key'))).toEqual(['key 1', ...Array(7).fill('key hidden')])
    expect(story.messages.filter(({ text }) => text.startsWith('INFO'))).toHaveLength(8)
    for (const { text } of story.messages) expect(text).not.toContain('Signal')
    expect(us.exchange.records?.all()[0]?.happenings.items.map(({ what }) => what)).not.toContainEqual(
      expect.objectContaining({ digit: '9' }),
    )
  })())

test('neither passwords, nor what was made of them, nor keys of SRTP are told', () =>
  withSimulation({}, async (sim) => {
    const crypto = srtpCryptoOf(nodeCrypto)
    const server = new DigestServer({
      realm: 'them',
      lookup: (name) => (name === 'us' ? { password: 'secret' } : undefined),
      random: seededRandom(7),
    })
    const them = sim.exchange(THEM, {
      crypto,
      exchange: { srtp: 'required' },
      sip: { authentication: { requires: () => true, server } },
      services: { '*': inbound(async (channel) => void (await channel.answer())) },
    })
    const trunk = { name: 'them', uri: `sip:${THEM}`, credentials: { username: 'us', password: 'secret' } }
    const us = sim.exchange(US, { crypto, exchange: { srtp: 'required', trunks: [trunk] } })
    await us.startOutbound(
      outbound(async (channel) => {
        await channel.call('123', { from: 'sip:us:hunter2@x' })
        await channel.hangUp()
      }),
    )
    for (const side of [us, them]) {
      const [story] = storiesOf(side) as [CallStory]
      const { messages, details } = story
      const invites = messages.filter(({ text }) => text.startsWith('INVITE'))
      expect(details).toMatchObject({ cause: 'NORMAL', endedIn: 'ANSWERED' })
      expect(invites).toHaveLength(2)
      expect(invites[1]?.text).toMatch(/\r\nAuthorization: Digest username="us"/)
      expect(invites[1]?.text).toMatch(/\r\na=crypto:1 AEAD_AES_128_GCM x+\r\n/)
      expect(story.events).toContainEqual(expect.objectContaining({ type: 'stream', isEncrypted: true }))
      const told = JSON.stringify(story)
      for (const secret of [/inline:/, /hunter2/, /secret/, /response="?[0-9a-f]/]) expect(told).not.toMatch(secret)
    }
  })())

test('where nothing is kept nothing is told, and digits can be left out altogether', async () => {
  const app = inbound(async (channel) => {
    await channel.answer()
    await channel.dtmfDetector.getDigits({ count: 1 })
  })
  const limits = { calls: 10, bytesPerCall: 10_000, bytes: 100_000, digits: false }
  for (const records of [limits, { ...limits, calls: 0 }]) {
    const pbx = exchange({ apps: { '*': app }, exchange: { records } })
    const alice = pbx.phone('alice')
    await alice.call('1000')
    await alice.press('5')
    await alice.expectHangUp()
    await pbx.done()
    const stories = storiesOf(pbx.exchange)
    expect(stories.flatMap(plotOf).filter((each) => each.startsWith('key'))).toEqual(
      records.calls > 0 ? ['key hidden'] : [],
    )
    expect(stories).toHaveLength(records.calls > 0 ? 1 : 0)
    expect(pbx.exchange.alive).toBe(0)
  }
})

test('every way that was tried of placing a call stands in its story', () =>
  withSimulation({}, async (sim) => {
    const ways = [THEM, '192.0.2.3']
    const us = sim.exchange(US, {
      exchange: {
        trunks: ways.map((address) => ({ name: `to-${address}`, uri: `sip:${address}` })),
        routes: [{ prefix: '', trunks: ways.map((address) => ({ name: `to-${address}` })) }],
      },
    })
    const [first, second] = ways.map((address) => sim.peer(address)) as [SipPeer, SipPeer]
    const run = us.startOutbound(outbound(async (channel) => void (await channel.call('+15550100'))))
    ;(await first.expectCall()).respond(503)
    ;(await second.expectCall()).respond(486)
    await run
    const [story] = storiesOf(us) as [CallStory]
    expect(firstLines(story).map((line) => line.split(/[ @]/).slice(0, 3).join(' '))).toEqual([
      ...['sent INVITE sip:+15550100', 'received SIP/2.0 503', 'sent ACK sip:+15550100'],
      ...['sent INVITE sip:+15550100', 'received SIP/2.0 486', 'sent ACK sip:+15550100'],
    ])
    expect(us.exchange.explain(story.details?.sipCallId ?? '')).toHaveLength(1)
    expect(plotOf(story)).toEqual(['CALL_OUTGOING', 'IDLE'])
  })())

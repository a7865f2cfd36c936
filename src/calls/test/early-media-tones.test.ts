import { describe, expect, test } from 'vitest'
import type { ToneStep } from '../../media/index.ts'
import { exchange, type PhoneKind, phones } from '../../testing/index.ts'
import { type CallDetails, type CallOptions, type Channel, outbound } from '../index.ts'

interface Outcome {
  readonly details: CallDetails
  /** Names of what was heard, as events told it. */
  readonly heard: readonly string[]
  readonly tookMs: number
  /** What the story of the call tells of it. */
  readonly told: readonly string[]
}

/** Calls a phone of that kind and tells what came of it. */
async function calling(kind: PhoneKind, options: CallOptions = {}, afterAnswerMs = 0): Promise<Outcome> {
  const pbx = exchange({})
  pbx.phone('far', kind)
  const heard: string[] = []
  let line: Channel | undefined
  const record = await pbx.start(
    outbound(async (channel) => {
      line = channel
      channel.on('tone', ({ tone, meaning }) => heard.push(meaning === undefined ? tone : `${tone}:${meaning}`))
      channel.on('audio', () => heard.push('audio'))
      const state = await channel.call('sip:far@far', { timeoutMs: 30_000, ...options })
      if (state === channel.State.ANSWERED) await channel.waitForIdle({ timeoutMs: afterAnswerMs })
      await channel.hangUp()
    }),
  )
  expect(record.error).toBeUndefined()
  await pbx.done()
  expect(pbx.exchange.alive).toBe(0)
  const details = line!.details!
  const { times } = details
  const { exchange: recorded } = pbx.exchange
  const [story] = recorded.explain(details.callId)
  const told = story?.events.flatMap((event) => (event.type === 'heard' ? [event.sound] : [])) ?? []
  return { details, heard, told, tookMs: (times.IDLE ?? 0) - (times.CALL_OUTGOING ?? 0) }
}

const sit = (hz: readonly number[], ms: readonly number[]): ToneStep[] =>
  hz.map((frequencyHz, i) => ({ tone1: { frequencyHz, amplitude: 24 }, durationMs: ms[i]!, add: 'summation' }))

describe('tones before the answer', () => {
  test('busy in early media, for ever: the attempt ends with BUSY', async () => {
    const { details, heard, told, tookMs } = await calling(phones.networkTone('BUSY'))
    expect(heard).toEqual(['busy'])
    expect(told).toEqual(['busy'])
    expect(details).toMatchObject({
      hasEnded: true,
      wasAnswered: false,
      cause: 'BUSY',
      rawCause: -1,
      endedBy: 'network',
      endedIn: 'RING_OUTGOING',
      reason: { text: 'busy tone heard before the answer' },
      tonesHeard: [{ tone: 'busy' }],
    })
    expect(tookMs).toBeLessThan(3500)
    const startedMs = (details.tonesHeard?.[0]?.startedAt ?? 0) - (details.times.RING_OUTGOING ?? 0)
    expect(Math.abs(startedMs)).toBeLessThan(400)
  })

  test.each<[string, PhoneKind, string, readonly string[]]>([
    [
      'busy after two rings',
      phones.networkTone('BUSY_EU', { rings: 2, ringback: 'RINGBACK_EU' }),
      'BUSY',
      ['ringback', 'busy'],
    ],
    ['congestion', phones.networkTone('CONGESTION'), 'CONGESTION', ['congestion']],
    ['European congestion', phones.networkTone('CONGESTION_EU'), 'CONGESTION', ['congestion']],
    [
      'special information',
      phones.networkTone('SIT', { says: 'This number is not in service.' }),
      'UNOBTAINABLE',
      ['specialInformation:unspecified'],
    ],
    [
      'intercept',
      phones.networkTone(sit([913.8, 1370.6, 1776.7], [274, 274, 380])),
      'UNOBTAINABLE',
      ['specialInformation:intercept'],
    ],
    [
      'vacant code',
      phones.networkTone(sit([985.2, 1370.6, 1776.7], [380, 274, 380])),
      'UNOBTAINABLE',
      ['specialInformation:vacantCode'],
    ],
    [
      'reorder',
      phones.networkTone(sit([913.8, 1428.5, 1776.7], [274, 380, 380])),
      'CONGESTION',
      ['specialInformation:reorder'],
    ],
    [
      'no circuit',
      phones.networkTone(sit([985.2, 1428.5, 1776.7], [380, 380, 380])),
      'NOCHANNELS',
      ['specialInformation:noCircuit'],
    ],
  ])('%s', async (_, kind, cause, expected) => {
    const { details, heard } = await calling(kind)
    expect(heard).toEqual(expected)
    expect(details).toMatchObject({ cause, rawCause: -1, endedBy: 'network' })
  })

  test('on a line that loses and delays packets', async () => {
    const line = { loss: 0.05, delayMs: 80, jitterMs: 20 }
    const { details } = await calling(phones.onLine(line, phones.networkTone('BUSY_UK')))
    expect(details).toMatchObject({ cause: 'BUSY', rawCause: -1 })
  })

  test('reported only: the call rings until time is over', async () => {
    const { details, heard, tookMs } = await calling(phones.networkTone('BUSY'), { earlyMediaTones: 'report' })
    expect(heard).toEqual(['busy'])
    expect(details).toMatchObject({ cause: 'TIMEOUT', rawCause: 487, tonesHeard: [{ tone: 'busy' }] })
    expect(tookMs).toBeGreaterThan(29_000)
  })

  test('ignored: nobody listens', async () => {
    const { details, heard } = await calling(phones.networkTone('BUSY'), { earlyMediaTones: 'ignore', timeoutMs: 8000 })
    expect(heard).toEqual([])
    expect(details.tonesHeard).toBeUndefined()
    expect(details).toMatchObject({ cause: 'TIMEOUT', media: { jitterBufferMs: 0 } })
  })

  test('what is congestion elsewhere is busy in Sweden', async () => {
    const { details } = await calling(phones.networkTone('CONGESTION_EU'), { tonesOf: 'SE' })
    expect(details).toMatchObject({ cause: 'BUSY', rawCause: -1 })
  })

  test('a tone without an end says in Great Britain that the number is unobtainable', async () => {
    const endless = () =>
      phones.networkTone([{ tone1: { frequencyHz: 400, amplitude: 13 }, durationMs: 9999, add: 'summation' }])
    const { details, heard, tookMs } = await calling(endless(), { tonesOf: 'GB' })
    expect(heard).toEqual(['unobtainable'])
    expect(details).toMatchObject({
      cause: 'UNOBTAINABLE',
      rawCause: -1,
      reason: { text: 'number unobtainable tone heard before the answer' },
    })
    expect(tookMs).toBeLessThan(4500)
    expect((await calling(endless(), { timeoutMs: 6000 })).heard).toEqual([])
  })

  test('options that make no sense are refused', async () => {
    for (const options of [{ earlyMediaTones: 'stop' as 'end' }, { tonesOf: 'Sweden' }]) {
      const pbx = exchange({})
      const record = await pbx.start(outbound(async (channel) => void (await channel.call('sip:a@b', options))))
      expect(String(record.error)).toMatch(/call: (earlyMediaTones must be|tonesOf must be)/)
      await pbx.done()
    }
  })
})

describe('what ends no call', () => {
  test('ringback, however long, and a greeting in early media', async () => {
    const { details, heard } = await calling(phones.earlyMediaVoicemail({ rings: 4 }), { timeoutMs: null }, 3000)
    expect(heard).toEqual(['ringback', 'audio'])
    expect(details).toMatchObject({ wasAnswered: true, cause: 'NORMAL', tonesHeard: [{ tone: 'ringback' }] })
    const { firstAudioAt = 0, times } = details
    // Four rings of six seconds, then the greeting.
    expect(firstAudioAt - (times.RING_OUTGOING ?? 0)).toBeGreaterThan(23_900)
    expect(firstAudioAt - (times.RING_OUTGOING ?? 0)).toBeLessThan(24_700)
    expect(firstAudioAt).toBeLessThan(times.ANSWERED ?? 0)
  })

  test('music and a busy tone after the answer', async () => {
    const humming = phones.scripted(async (phone) => {
      phone.ring()
      await phone.answer()
      await phone.hum('BUSY', { loop: true })
      await phone.untilEnded()
    })
    const { details, heard } = await calling(humming, {}, 6000)
    expect(heard).toEqual(['busy'])
    expect(details).toMatchObject({ wasAnswered: true, endedBy: 'local', cause: 'NORMAL' })
    expect((await calling(phones.musicOnHold({ rings: 0 }), {}, 4000)).details).toMatchObject({ wasAnswered: true })
  })
})

describe('the first real audio', () => {
  test('of somebody who answers, when they begin to speak', async () => {
    const { details, heard } = await calling(
      phones.person({ rings: 1, pauseMs: 1500, says: 'Hello, who is it?' }),
      {},
      5000,
    )
    expect(heard).toEqual(['audio'])
    const sinceAnswerMs = (details.firstAudioAt ?? 0) - (details.times.ANSWERED ?? 0)
    expect(sinceAnswerMs).toBeGreaterThan(1300)
    expect(sinceAnswerMs).toBeLessThan(2000)
  })

  test('never comes of somebody who is silent, and nobody listens for ever', async () => {
    const { details, heard } = await calling(phones.silent({ rings: 0 }), {}, 30_000)
    expect(heard).toEqual([])
    expect(details.firstAudioAt).toBeUndefined()
    expect(details).toMatchObject({ wasAnswered: true, cause: 'NORMAL' })
  })
})

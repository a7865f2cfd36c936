import { describe, expect, test } from 'vitest'
import { utf8Encode } from '../../kit/index.ts'
import { parseMessage, type SipMessage } from '../../sip/index.ts'
import type { CallDetails } from '../details.ts'
import type { CallRecord } from './call-record.ts'
import { CallRecords, DEFAULT_RECORD_LIMITS } from './call-records.ts'
import { summarise, tellStory } from './call-story.ts'

const PEER = { transport: 'udp', address: '10.0.0.1', port: 5060 } as const
const LOCAL = () => ({ host: '10.0.0.2', port: 5060 })

/** Records whose world says messages and makes calls. */
class World {
  readonly records: CallRecords
  now = 0

  constructor(limits: Partial<typeof DEFAULT_RECORD_LIMITS> = {}) {
    this.records = new CallRecords({ ...DEFAULT_RECORD_LIMITS, ...limits }, () => 1_000_000 + this.now)
  }

  say(isSent: boolean, callId: string, first: string, more = ''): void {
    const bytes = utf8Encode(`${first}\r\nFrom: <sip:a@x>\r\nTo: <sip:b@y>${more}\r\nCall-ID: ${callId}\r\n\r\n`)
    const parsed = parseMessage(bytes)
    this.records.onMessage(isSent, callId, (parsed as { value: SipMessage }).value, bytes, PEER, ++this.now)
  }

  invite(callId: string): void {
    this.say(false, callId, 'INVITE sip:b@y SIP/2.0')
  }

  claim(callId: string): CallRecord {
    const details = { callId: `id-${callId}`, sipCallId: callId, from: 'sip:a:pw@x', to: 'sip:b@y', times: {} }
    return this.records.claim(callId, { direction: 'inbound', ...details } as unknown as CallDetails, this.now)
  }

  call(callId: string): void {
    this.invite(callId)
    const record = this.claim(callId)
    this.say(true, callId, 'SIP/2.0 200 OK')
    this.records.end(record)
  }

  get ids(): string[] {
    return this.records.all().map(({ id }) => id)
  }
}

describe('CallRecords', () => {
  test('keeps the messages of a call from its INVITE on, and nothing of what begins no call', () => {
    const world = new World()
    world.say(false, '1', 'OPTIONS sip:b@y SIP/2.0')
    world.say(false, '2', 'INVITE sip:b@y SIP/2.0', ';tag=of-a-call-that-was')
    world.say(false, '3', 'BYE sip:b@y SIP/2.0')
    expect(world.records.size).toEqual({ records: 0, bytes: 0 })
    world.call('4')
    world.say(false, '4', 'ACK sip:b@y SIP/2.0')
    const [story] = world.records.find('id-4').map((record) => tellStory(record, LOCAL))
    expect(story?.messages.map(({ atMs, direction, text }) => [atMs, direction, text.split('\r\n')[0]])).toEqual([
      [0, 'received', 'INVITE sip:b@y SIP/2.0'],
      [1, 'sent', 'SIP/2.0 200 OK'],
      [2, 'received', 'ACK sip:b@y SIP/2.0'],
    ])
    expect(story?.messages[1]).toMatchObject({ local: { address: '10.0.0.2' }, remote: { address: '10.0.0.1' } })
    expect(story?.startedAtMs).toBe(1_000_004)
    expect(story?.details?.from).toBe('sip:a:xx@x')
  })

  test('forgets the oldest of the calls that are over, and never one that stands for their number', () => {
    const world = new World({ calls: 2 })
    world.invite('live')
    world.claim('live')
    for (const id of ['1', '2', '3']) world.call(id)
    expect(world.ids).toEqual(['id-3', 'id-2', 'id-live'])
    expect(world.records.find('id-1')).toEqual([])
  })

  test('calls that are refused have a tenth of the room, and push out no call that was served', () => {
    const world = new World({ calls: 20 })
    for (let id = 0; id < 20; id++) world.call(`served-${id}`)
    for (let id = 0; id < 1000; id++) {
      world.invite(`refused-${id}`)
      world.say(true, `refused-${id}`, 'SIP/2.0 404 Not Found')
    }
    expect(world.ids.filter((id) => id.startsWith('id-served'))).toHaveLength(20)
    expect(world.ids.slice(0, 2)).toEqual(['refused-999', 'refused-998'])
    expect(world.records.size.records).toBe(22)
    const [refused] = world.records.find('refused-999')
    expect(summarise(refused as CallRecord)).toMatchObject({
      outcome: 'refused with 404',
      isOver: true,
      from: '<sip:a@x>',
      to: '<sip:b@y>',
    })
  })

  test('stays within its bytes, whatever comes, and gives all of them back', () => {
    const world = new World({ bytes: 100_000 })
    for (let id = 0; id < 200; id++) {
      world.invite(`${id}`)
      if (id % 3 > 0) world.claim(`${id}`)
      for (let n = 0; n < id; n++) world.say(n % 2 === 0, `${id}`, 'INFO sip:b@y SIP/2.0')
      expect(world.records.size.bytes).toBeLessThanOrEqual(100_000)
    }
    expect(world.records.size.records).toBeGreaterThan(0)
  })

  test('of a call with many messages keeps the first and the last', () => {
    const world = new World({ bytesPerCall: 4096 })
    world.invite('1')
    world.claim('1')
    for (let n = 0; n < 100; n++) world.say(false, '1', `INFO sip:${n}@y SIP/2.0`)
    const [story] = world.records.find('id-1').map((record) => tellStory(record, LOCAL))
    const firsts = story?.messages.map(({ text }) => text.split(' ')[1]) ?? []
    expect(firsts[0]).toBe('sip:b@y')
    expect(firsts.at(-1)).toBe('sip:99@y')
    expect(story?.leftOut?.messages.count).toBe(101 - firsts.length)
    expect(story?.leftOut?.messages.after).toBeGreaterThan(2)
  })

  test('finds a call by its id, by the beginning of it, and by its SIP Call-ID', () => {
    const world = new World()
    world.call('abc')
    world.call('abd')
    expect(world.records.find('id-abc')).toHaveLength(1)
    expect(world.records.find('id-ab')).toHaveLength(2)
    expect(world.records.find('abc')).toHaveLength(1)
    expect(world.records.find('id-')).toHaveLength(0)
    expect(world.records.find('nothing')).toHaveLength(0)
  })

  test('both ends of a call to ourselves tell of the same messages', () => {
    const world = new World({ calls: 1 })
    const out = world.claim('self')
    world.say(true, 'self', 'INVITE sip:b@y SIP/2.0')
    world.invite('self')
    const details = { callId: 'other-end', times: {}, from: '', to: '' } as unknown as CallDetails
    const inside = world.records.claim('self', details, world.now)
    world.say(true, 'self', 'SIP/2.0 200 OK')
    for (const record of [out, inside]) expect(tellStory(record, LOCAL).messages).toHaveLength(3)
    world.records.end(out)
    world.records.end(inside)
    expect(world.ids).toEqual(['other-end'])
    expect(world.records.find('other-end')[0]?.conversations[0]?.messages.items).toHaveLength(3)
    world.call('next')
    expect(world.ids).toEqual(['id-next'])
  })

  test('a message that is no UTF-8 is told octet by octet', () => {
    const world = new World()
    world.invite('1')
    const bytes = utf8Encode('SIP/2.0 200 OK\r\nX: ?\r\n\r\n')
    bytes[19] = 0xff
    world.records.onMessage(true, '1', {} as SipMessage, bytes, PEER, 5)
    const [story] = world.records.find('1').map((record) => tellStory(record, LOCAL))
    expect(story?.messages[1]?.text).toContain('X: \u{fffd}')
    expect(story?.messages[1]?.base64).toBe('U0lQLzIuMCAyMDAgT0sNClg6IP8NCg0K')
  })
})

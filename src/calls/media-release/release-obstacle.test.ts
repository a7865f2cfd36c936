import { expect, test } from 'vitest'
import type { NegotiatedStream } from '../../sip/index.ts'
import { type ReleasableSound, releaseObstacle } from './release-obstacle.ts'

const STREAM = {
  codec: 'OPUS',
  payloadType: 96,
  remoteAddress: '192.0.2.7',
  remotePort: 4000,
  telephoneEventPayloadType: 101,
  telephoneEventClockRateHz: 48_000,
  opus: { isStereo: false },
} as unknown as NegotiatedStream

const sound = (stream: object = {}, more: Partial<ReleasableSound> = {}): ReleasableSound => ({
  stream: { ...STREAM, ...stream },
  isInUse: false,
  isOnHold: false,
  isInside: false,
  farEnd: '192.0.2.7',
  announced: undefined,
  ...more,
})

test.each([
  [undefined, {}, {}],
  ['encrypted', { srtp: {} }, {}],
  ['codec', { codec: 'PCMU', payloadType: 0 }, {}],
  ['payloadType', { payloadType: 111 }, {}],
  ['keys', { telephoneEventPayloadType: 96 }, {}],
  ['keys', { telephoneEventPayloadType: undefined }, {}],
  ['opus', { opus: { isStereo: true } }, {}],
  ['addressFamily', { remoteAddress: '2001:db8::7' }, {}],
  ['network', { remoteAddress: '10.0.0.7' }, {}],
  ['network', {}, { announced: '198.51.100.1' }],
  ['noSound', {}, { stream: undefined }],
  ['inUse', {}, { isInUse: true }],
  ['encrypted', { srtp: {} }, { isInUse: true }],
  ['onHold', {}, { isOnHold: true }],
  ['inside', {}, { isInside: true }],
] as const)('%s: %j, %j', (obstacle, stream, more) => {
  expect(releaseObstacle(sound(), sound(stream, more))).toBe(obstacle)
  expect(releaseObstacle(sound(stream, more), sound())).toBe(obstacle)
})

test('nat: private addresses, and one whose SIP comes from a public one', () => {
  const inside = (farEnd: string) => sound({ remoteAddress: '10.0.0.7' }, { farEnd })
  expect(releaseObstacle(inside('10.0.0.7'), inside('10.0.0.8'))).toBeUndefined()
  expect(releaseObstacle(inside('10.0.0.7'), inside('192.0.2.7'))).toBe('nat')
})

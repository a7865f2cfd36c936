import { expect, test } from 'vitest'
import type { Phone } from '../../../testing/index.ts'
import { hears, type Meeting, meeting, settings } from './meeting.ts'

const LOUD_HZ = 1400
const SOFT_HZ = 620

/** Which of two who hum at once is heard, by ear; who is louder begins. */
async function heardOfBoth(meet: Meeting, loud: Phone, soft: Phone, listener: Phone): Promise<string[]> {
  const before = listener.ears.tones.length
  const hum = (phone: Phone, frequencyHz: number, amplitude: number, durationMs: number) =>
    phone.hum([{ tone1: { frequencyHz, amplitude }, durationMs, add: 'summation' }])
  const humming = hum(loud, LOUD_HZ, 10, 1500)
  await meet.pbx.sleep(300)
  await hum(soft, SOFT_HZ, 13, 900)
  await humming
  await meet.pbx.sleep(300)
  const heard = listener.ears.tones.slice(before).flatMap(({ frequencies }) => frequencies)
  const isHeard = (hz: number) => heard.some((each) => Math.abs(each - hz) < 12)
  return [...(isHeard(LOUD_HZ) ? ['loud'] : []), ...(isHeard(SOFT_HZ) ? ['soft'] : [])]
}

test('a room is what its name makes of it, and others are what the exchange makes of them', async () => {
  const meet = meeting(
    (name, channel) => {
      const media = settings(channel)
      media.onEntryMedia.textToSay(`${name} has come`)
      return { conferencePartyMediaSettings: media }
    },
    {
      exchange: {
        rooms: {
          mostParties: 2,
          quietAfterParties: 0,
          policies: [{ match: 'r', mostParties: 3, quietAfterParties: 100, partiesMayUnmute: true }],
        },
      },
    },
  )
  const alice = await meet.join('alice')
  await meet.join('bob')
  await alice.expectSpeech(/bob has come/)
  const carol = await meet.join('carol')
  await alice.expectSpeech(/carol has come/)
  await meet.join('dave')
  expect([meet.of('dave').result, meet.of('dave').other.details?.reason?.text]).toEqual([
    'ANSWERED',
    'conference room r is full: 3 parties are in it',
  ])
  const room = meet.room
  const [a, b, c] = room.parties.map(({ id }) => id) as [number, number, number]
  expect(await meet.until(room.mute(c))).toBe(true)
  await carol.press('1')
  expect(await hears(alice, carol, 'I may speak for myself.')).toBe(true)
  const moved = []
  for (const party of [a, b, c]) moved.push(await meet.until(room.move(party, 's')))
  expect(moved).toEqual([true, true, false])
  const [other] = meet
    .of('alice')
    .app.rooms.list()
    .filter(({ name }) => name === 's')
  const [inOther] = other?.parties ?? []
  expect(await meet.until(other?.mute(inOther?.id ?? 0) ?? Promise.resolve(false))).toBe(true)
  await alice.press('1')
  await meet.pbx.sleep(200)
  expect(other?.parties[0]?.isMuted).toBe(true)
  expect(alice.hasHeard(/alice has come/)).toBe(false)
  await meet.over()
})

test('of rooms of one exchange one lets only the loudest be heard', async () => {
  const meet = meeting((_, channel) => ({ conferencePartyMediaSettings: settings(channel) }), {
    exchange: { rooms: { automaticLevel: false, policies: [{ match: /^r$/, mostTalkers: 1 }] } },
  })
  const [alice, bob, carol] = [await meet.join('alice'), await meet.join('bob'), await meet.join('carol')]
  expect(await heardOfBoth(meet, alice, bob, carol)).toEqual(['loud'])
  const { room } = meet
  for (const { id } of room.parties) expect(await meet.until(room.move(id, 's'))).toBe(true)
  await meet.pbx.sleep(200)
  expect(await heardOfBoth(meet, alice, bob, carol)).toEqual(['loud', 'soft'])
  await meet.over()
})

test('a reservation has a policy: of a room that is there already from its time on, and of those made meanwhile', async () => {
  const meet = meeting((_, channel) => ({ conferencePartyMediaSettings: settings(channel) }), {
    exchange: { rooms: { automaticLevel: false } },
  })
  const [alice, bob, carol] = [await meet.join('alice'), await meet.join('bob'), await meet.join('carol')]
  const { channel, app } = meet.of('alice')
  expect(() => app.rooms.reserve('r', { durationMs: 60_000, policy: { mostParties: 0 } })).toThrow(
    'reserve: policy.mostParties must be a whole number from 2 to 100000, not 0',
  )
  const startAt = (channel.details?.times.ANSWERED ?? 0) + 4000
  const policy = { mostParties: 2, mostTalkers: 1 }
  const reservation = app.rooms.reserve('r', { startAt, durationMs: 60_000, policy })
  expect(reservation.policy).toEqual(policy)
  expect(await heardOfBoth(meet, alice, bob, carol)).toEqual(['loud', 'soft'])
  await meet.pbx.sleep(4000)
  expect([reservation.state(), meet.room.parties.length]).toEqual(['ACTIVE', 3])
  expect(await heardOfBoth(meet, alice, bob, carol)).toEqual(['loud'])
  await meet.join('dave')
  expect(meet.of('dave').other.details?.reason?.text).toBe('conference room r is full: 2 parties are in it')
  for (const phone of [alice, bob, carol]) await phone.hangUp()
  await meet.join('erin')
  await meet.join('frank')
  await meet.join('grace')
  expect(['erin', 'frank', 'grace'].map((name) => meet.of(name).result)).toEqual([
    'TRANSFERRED',
    'TRANSFERRED',
    'ANSWERED',
  ])
  await meet.until(reservation.cancel())
  await meet.pbx.sleep(200)
  for (const name of ['heidi', 'ivan', 'judy']) await meet.join(name)
  expect(meet.room.parties.length).toBe(3)
  await meet.over()
})

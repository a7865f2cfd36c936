import { expect, test } from 'vitest'
import { exchange, type TestExchange } from '../../../testing/index.ts'
import { type ConferenceRooms, conferenceService, inbound } from '../../index.ts'
import { hears, type Meeting, meeting, settings } from './meeting.ts'

function meet(): Meeting {
  return meeting((_, channel) => ({ conferencePartyMediaSettings: settings(channel) }))
}

/** Somebody in the room who starts nothing else: his application makes the reservations. */
async function secretary(here: Meeting) {
  const phone = await here.join('secretary')
  const { app, channel } = here.of('secretary')
  await here.until(channel.retrieveTransfer())
  const now = () => channel.details?.times.ANSWERED ?? 0
  return { phone, rooms: app.rooms, answeredAt: now() }
}

test('who comes before the time waits, the room starts by itself, and when it is over all are hung up', async () => {
  const here = meet()
  const { rooms, answeredAt } = await secretary(here)
  const reservation = rooms.reserve('r', { startAt: answeredAt + 5000, durationMs: 10_000 })
  const told: string[] = []
  for (const type of ['begun', 'extended', 'completed'] as const)
    reservation.on(type, ({ sequence, at }) =>
      told.push(`${sequence} ${type} ${Math.round((at - answeredAt) / 100) / 10}`),
    )
  expect([reservation.state(), rooms.reservations(), rooms.get('r')]).toEqual(['RESERVED', [reservation], undefined])
  const alice = await here.join('alice')
  const bob = await here.join('bob')
  expect([reservation.state(), rooms.get('r')?.state()]).toEqual(['HOLDING', 'stopped'])
  await bob.hears.tone('ringback')
  expect(await hears(bob, alice, 'Too early.')).toBe(false)
  await here.pbx.sleep(2500)
  expect([reservation.state(), rooms.get('r')?.state()]).toEqual(['ACTIVE', 'started'])
  expect(await hears(bob, alice, 'Good morning.')).toBe(true)
  expect([await here.until(reservation.extend(3000)), reservation.endAt - answeredAt]).toEqual([true, 18_000])
  await alice.expectHangUp()
  await bob.expectHangUp()
  expect([reservation.state(), rooms.reservations(), rooms.list()]).toEqual(['COMPLETED', [], []])
  expect(await here.until(reservation.extend(1000))).toBe(false)
  expect(told).toEqual(['1 begun 5', expect.stringMatching(/^2 extended/), '3 completed 18'])
  await here.over()
})

test('a reservation can be cancelled, shortened to nothing, and made again; what cannot be is said', async () => {
  const here = meet()
  const { rooms, answeredAt } = await secretary(here)
  const first = rooms.reserve('r', { durationMs: 60_000 })
  expect(() => rooms.reserve('r', { durationMs: 1000 })).toThrow(/conference room r is reserved already/)
  const alice = await here.join('alice')
  expect(first.state()).toBe('ACTIVE')
  await here.until(first.cancel())
  await alice.expectHangUp()
  const second = rooms.reserve('r', { startAt: answeredAt + 20_000, durationMs: 60_000 })
  await here.pbx.sleep(10)
  expect([first.state(), second.state()]).toEqual(['COMPLETED', 'RESERVED'])
  expect(await here.until(second.extend(-59_000))).toBe(true)
  await here.pbx.sleep(22_000)
  expect(second.state()).toBe('COMPLETED')
  for (const [name, options, message] of [
    ['a b', { durationMs: 60_000 }, /the name of a conference room is/],
    ['x', { durationMs: 10 }, /durationMs must be 1 s to 7 days in milliseconds, not 10/],
    ['x', { durationMs: Number.NaN }, /not NaN/],
    ['x', { startAt: answeredAt + 400 * 86_400_000, durationMs: 60_000 }, /within a year/],
    ['x', { startAt: answeredAt - 60_000, durationMs: 1000 }, /is over already/],
  ] as const)
    expect(() => rooms.reserve(name, options)).toThrow(message)
  expect(rooms.reservations()).toEqual([])
  await here.over()
})

test('whoever calls for the room is brought to another service for a while, and who is in it stays', async () => {
  let rooms: ConferenceRooms | undefined
  const says = (words: string) =>
    inbound(async (channel, app) => {
      rooms = app.rooms
      await channel.answer()
      await channel.filePlayer.say(words)
    })
  const app = conferenceService('board')
  const pbx: TestExchange = exchange({
    apps: { board: { name: 'board', app, parameters: {}, room: 'board' }, closed: says('The board does not sit.') },
  })
  const until = <Value>(done: Promise<Value>): Promise<Value> => pbx.sim.clock.pull('the test waits', done)
  const [alice, bob, carol] = ['alice', 'bob', 'carol'].map((name) => pbx.phone(name))
  await carol?.call('closed')
  await carol?.expectSpeech(/does not sit/)
  const reservation = rooms?.reserve('board', { durationMs: 60_000 })
  const told: unknown[] = []
  reservation?.on('diverted', ({ service }) => told.push(service))
  await alice?.call('board')
  await pbx.sleep(200)
  expect(() => reservation?.divert('nobody')).toThrow('divert: there is no service "nobody"')
  expect(await until(reservation?.divert('closed') ?? Promise.resolve(false))).toBe(true)
  expect(reservation?.divertsTo).toBe('closed')
  await bob?.call('board')
  await bob?.expectSpeech(/does not sit/)
  expect(rooms?.get('board')?.parties.length).toBe(1)
  await pbx.sleep(1000)
  expect(await until(reservation?.divert(undefined) ?? Promise.resolve(false))).toBe(true)
  await bob?.call('board')
  await pbx.sleep(200)
  expect(rooms?.get('board')?.parties.length).toBe(2)
  expect(told).toEqual(['closed', undefined])
  await until(reservation?.cancel() ?? Promise.resolve())
  expect(await until(reservation?.divert('closed') ?? Promise.resolve(true))).toBe(false)
  await pbx.done()
  expect(pbx.exchange.alive).toBe(0)
})

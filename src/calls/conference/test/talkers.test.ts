import { expect, test } from 'vitest'
import type { ConferenceRoom } from '../../index.ts'
import { meeting, settings } from './meeting.ts'

/** What the room says of who talks, by name. */
function watch(room: ConferenceRoom): { readonly told: string[]; stop(): void } {
  const told: string[] = []
  const names = new Map(room.parties.map(({ id, who }) => [id, /sip:(\w+)/.exec(who)?.[1]]))
  const stops = (['talking', 'talkingLevel', 'silent'] as const).map((type) =>
    room.on(type, (event) => {
      const level = 'levelDbm0' in event ? ` ${event.levelDbm0}` : ''
      told.push(`${names.get(event.party)} ${type}${level}`)
    }),
  )
  return {
    told,
    stop: () => {
      for (const stop of stops) stop()
    },
  }
}

const hum = (amplitude: number, durationMs = 800) =>
  [{ tone1: { frequencyHz: 620, amplitude }, durationMs, add: 'summation' }] as const

test('a room says who talks and how loud, to whom who listens', async () => {
  const meet = meeting((_, channel) => ({ conferencePartyMediaSettings: settings(channel) }))
  const [alice, bob] = [await meet.join('alice'), await meet.join('bob')]
  const { told, stop } = watch(meet.room)
  await alice.hum(hum(13))
  await meet.pbx.sleep(1000)
  expect(told).toEqual(['alice talking -13', 'alice silent'])
  told.length = 0
  await bob.hum([...hum(13), ...hum(20)])
  await meet.pbx.sleep(1000)
  expect([told[0], ...told.slice(-2)]).toEqual(['bob talking -13', 'bob talkingLevel -20', 'bob silent'])
  expect(told.length).toBeLessThan(5)
  told.length = 0
  await alice.press('0')
  await alice.hum(hum(13))
  await meet.pbx.sleep(1000)
  expect(told).toEqual([])
  await alice.press('1')
  const humming = alice.hum(hum(13, 1500))
  await meet.pbx.sleep(600)
  stop()
  await humming
  expect(told).toEqual(['alice talking -13'])
  await meet.over()
})

test('who is ejected while he talks falls silent, and events are numbered with all the others', async () => {
  const meet = meeting((_, channel) => ({ conferencePartyMediaSettings: settings(channel) }))
  const alice = await meet.join('alice')
  await meet.join('bob')
  await meet.join('carol')
  const { room } = meet
  const { told } = watch(room)
  const numbers: number[] = []
  for (const type of ['talking', 'left', 'silent'] as const) room.on(type, ({ sequence }) => numbers.push(sequence))
  const humming = alice.hum(hum(13, 2000))
  await meet.pbx.sleep(800)
  expect(await meet.until(room.eject(room.parties[0]?.id ?? 0))).toBe(true)
  await humming.catch(() => {})
  await meet.pbx.sleep(500)
  expect(told).toEqual(['alice talking -13'])
  expect(numbers).toEqual([numbers[0], (numbers[0] ?? 0) + 1])
  await meet.over()
})

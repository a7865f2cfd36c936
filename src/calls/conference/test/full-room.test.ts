import { expect, test } from 'vitest'
import { exchange } from '../../../testing/index.ts'
import { ConferencePartyMediaSettings, conferenceService } from '../../index.ts'
import { hears } from './meeting.ts'

test('a room has a thousand parties unless something else is configured: the next one is told BUSY, and the room is unharmed', async () => {
  const conferencePartyMediaSettings = new ConferencePartyMediaSettings({ beepOnEntry: false })
  const pbx = exchange({ apps: { '*': conferenceService('r', { conferencePartyMediaSettings }) } })
  const quiet = { set: { sendsSilence: false, hearsTones: false } }
  const phones = Array.from({ length: 1000 }, (_, i) => pbx.phone(`p${i}`, quiet))
  for (const phone of phones) phone.dial('1000')
  await pbx.sleep(100)
  expect(phones.filter(({ state }) => state === 'ANSWERED').length).toBe(1000)
  const [first, last] = [phones[0], phones[999]] as const
  if (first === undefined || last === undefined) throw new Error('nobody has called')
  const oneMore = pbx.phone('oneMore')
  expect(await oneMore.call('1000')).toBe(486)
  expect(pbx.story()).toMatch(/486 conference room r is full: 1000 parties are in it/)
  expect(pbx.exchange.exchange.counters.snapshot()).toMatchObject({ roomsRefusedFull: 1 })
  expect(await hears(last, first, 'Ah')).toBe(true)
  await last.hangUp()
  expect(await oneMore.call('1000')).toBe(200)
  for (const phone of pbx.phones) if (phone.state === 'ANSWERED') void phone.hangUp()
  await pbx.sleep(1000)
  await pbx.done()
  expect(pbx.exchange.exchange.sizes()).toMatchObject({ rooms: 0, calls: 0 })
})

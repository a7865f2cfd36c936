import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { exchange, type Phone, phones, type TestExchange } from 'ringdown/testing'
import 'ringdown/testing/vitest'
import { expect, test } from 'vitest'
import { ConfiguredServices } from '../../src/server/apps/services.ts'
import { checkConfig } from '../../src/server/config/check.ts'
import callOut from './call-out.ts'
import { coach, support } from './coached-call.ts'
import meeting from './meeting.ts'
import config from './ringdown.config.ts'
import townHall from './town-hall.ts'

const settings = checkConfig(config, fileURLToPath(new URL('.', import.meta.url)))
const services = new ConfiguredServices(settings.services, { find: () => 'missing' })

function withRooms(): TestExchange {
  const sales = services.find({ user: '2000', host: '', from: '' })
  if (sales === undefined) throw new Error('2000 is no service')
  return exchange({
    apps: { '2000': sales, '3000': meeting, '4000': townHall, '4001': townHall },
    files: { 'music.wav': 'La la la la la la.' },
    exchange: { rooms: settings.rooms },
  })
}

async function over(pbx: TestExchange): Promise<void> {
  for (const phone of pbx.phones) if (phone.state === 'ANSWERED') await phone.hangUp()
  await pbx.done()
  expect(pbx.runs.flatMap(({ error }) => error ?? [])).toEqual([])
}

test('a number, a PIN and a room, without an application', async () => {
  const pbx = withRooms()
  const [alice, bob] = [pbx.phone('alice'), pbx.phone('bob')]
  for (const phone of [alice, bob]) {
    await phone.call('2000')
    await phone.expectSpeech(/enter the PIN/)
    await phone.press('4711')
    await pbx.sleep(500)
  }
  await alice.say('Are we complete?')
  await bob.expectSpeech(/complete/)
  await bob.press('0')
  await bob.expectSpeech(/You are muted/)
  await bob.say('I am still at lunch.')
  await pbx.sleep(500)
  expect(alice.hasHeard(/lunch/)).toBe(false)
  await over(pbx)
})

test('a meeting whose parties are announced with their own voices', async () => {
  const pbx = withRooms()
  const join = async (name: string): Promise<Phone> => {
    const phone = pbx.phone(name)
    await phone.call('3000')
    await phone.expectSpeech(/say your name/)
    await phone.hears.beep()
    await phone.say(`I am ${name}.`)
    await pbx.sleep(2500)
    return phone
  }
  const alice = await join('alice')
  const bob = await join('bob')
  await alice.expectSpeech(/^I am bob\.$/)
  await alice.expectSpeech(/^has joined$/)
  const carol = await join('carol')
  await bob.expectSpeech(/^I am carol\.$/)
  await carol.press('#')
  await carol.expectSpeech(/goodbye/i)
  await bob.expectSpeech(/^has left$/)
  await bob.expectSpeech(/^I am carol\.$/)
  await over(pbx)
})

test('a town hall: many listen to one, and hear music before he comes and after he has gone', async () => {
  const pbx = withRooms()
  const listeners = ['alice', 'bob', 'carol', 'dave'].map((name) => pbx.phone(name))
  for (const phone of listeners) await phone.call('4000')
  for (const phone of listeners) await phone.expectSpeech(/la la/i)
  const mayor = pbx.phone('mayor')
  await mayor.call('4001')
  await pbx.sleep(200)
  await mayor.say('Citizens, I have good news.')
  for (const phone of listeners) await phone.expectSpeech(/good news/)
  await listeners[0]?.say('I do not believe it.')
  expect(mayor.hasHeard(/believe/)).toBe(false)
  await mayor.hangUp()
  for (const phone of listeners) await phone.expectSpeech(/la la/i)
  await over(pbx)
})

test('a meeting by calling out: who answers is in the room, who does not is not waited for', async () => {
  const pbx = withRooms()
  pbx.phone('+15550101', phones.person({ rings: 1, says: 'Anna here.' }))
  pbx.phone('+15550102', phones.person({ rings: 1, says: 'Boris here.' }))
  pbx.phone('+15550103', phones.busy())
  const running = pbx.start(callOut, { numbers: ['+15550101', '+15550102', '+15550103'], room: 'crisis' })
  await pbx.sleep(12_000)
  const [anna, boris] = pbx.phones as [Phone, Phone]
  await anna.say('What has happened?')
  await boris.expectSpeech(/what has happened/i)
  for (const phone of [anna, boris]) if (phone.state === 'ANSWERED') await phone.hangUp()
  expect(await running).toMatchObject({ returnCode: 0 })
  await over(pbx)
})

test('a coached call: the coach hears both, and the agent alone hears him', async () => {
  const parameters = { agent: '+15550201' }
  const pbx = exchange({
    apps: {
      '5000': { name: 'support', app: support, parameters },
      '5001': { name: 'coach', app: coach, parameters },
    },
  })
  const agent = pbx.phone('agent', phones.person({ rings: 1, says: 'Support, good morning.' }), {
    numbers: ['+15550201'],
  })
  const [customer, teacher] = [pbx.phone('customer'), pbx.phone('teacher')]
  expect(await teacher.call('5001')).toBe(404)
  await customer.call('5000')
  await pbx.sleep(9000)
  await teacher.call('5001')
  await pbx.sleep(300)
  await customer.say('My telephone does not ring.')
  await agent.expectSpeech(/does not ring/)
  await teacher.expectSpeech(/does not ring/)
  await teacher.say('Ask for the number.')
  await agent.expectSpeech(/ask for the number/i)
  await agent.say('What is your number?')
  await customer.expectSpeech(/what is your number/i)
  await teacher.expectSpeech(/what is your number/i)
  expect(customer.hasHeard(/ask for/i)).toBe(false)
  await customer.hangUp()
  await agent.expectHangUp()
  await teacher.expectHangUp()
  await over(pbx)
})

test('what the guide shows of an example stands in it', () => {
  const root = new URL('../../', import.meta.url)
  const guide = readFileSync(new URL('docs/guides/conferences.md', root), 'utf8')
  const shown = [...guide.matchAll(/```ts\n\/\/ (\S+)\n([\s\S]*?)```/g)]
  expect(shown.length).toBeGreaterThan(3)
  for (const [, file = '', code = ''] of shown) expect(readFileSync(new URL(file, root), 'utf8')).toContain(code)
})

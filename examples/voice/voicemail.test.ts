import { exchange, type TestExchange } from 'ringdown/testing'
import { expect, test } from 'vitest'
import app from './voicemail.ts'

const office = () => exchange({ apps: { '*': { name: 'voicemail', app, parameters: { pins: { '200': '1234' } } } } })

async function leave(pbx: TestExchange, name: string, words?: string): Promise<void> {
  const caller = pbx.phone(name)
  await caller.call('200')
  await caller.hears.beep()
  if (words !== undefined) await caller.say(words)
  else await caller.sleep(6000)
  await caller.hangUp()
  await caller.sleep(100)
}

test('messages are left, heard, kept and deleted', async () => {
  const pbx = office()
  await leave(pbx, 'alice', 'Hello, it is Alice. Call me back.')
  await leave(pbx, 'bob', 'Bob here. The parcel has come.')
  // Who says nothing leaves nothing.
  await leave(pbx, 'carol')
  const owner = pbx.phone('owner')
  await owner.call('200')
  await owner.expectSpeech(/nobody is here/i)
  await owner.press('*')
  await owner.expectSpeech(/your PIN/i)
  await owner.press('1234')
  await owner.expectSpeech(/you have 2 messages/i)
  await owner.expectSpeech(/call me back/i)
  await owner.expectSpeech(/press 1/i)
  await owner.press('1')
  await owner.expectSpeech(/parcel/i)
  await owner.expectSpeech(/to keep it/i)
  await owner.press('3')
  await owner.expectSpeech(/no more messages/i)
  await owner.expectHangUp()
  await pbx.done()
  const left = await pbx.exchange.files.files.list('voicemail/')
  expect(left.map(({ name }) => name)).toEqual([expect.stringMatching(/^voicemail\/200\/kept\/.*\.wav$/)])
  expect(pbx.recording(left[0]?.name ?? '').said).toEqual(['Hello, it is Alice. Call me back.'])
  expect(pbx.runs.map(({ error }) => error)).toEqual([undefined, undefined, undefined, undefined])
})

test('a message ends with a key, which is not in it; nobody gets in without the PIN', async () => {
  const pbx = office()
  const alice = pbx.phone('alice')
  await alice.call('200')
  await alice.hears.beep()
  await alice.say('Short and sweet.')
  await alice.press('#')
  await alice.expectSpeech(/thank you/i)
  await alice.expectHangUp()
  const mallory = pbx.phone('mallory')
  await mallory.call('200')
  await mallory.expectSpeech(/nobody/i)
  await mallory.press('*')
  for (let attempt = 0; attempt < 3; attempt++) {
    await mallory.expectSpeech(/your PIN/i)
    await mallory.press('0000')
  }
  await mallory.expectHangUp()
  await pbx.done()
  expect(mallory.hasHeard(/you have/i)).toBe(false)
  expect(pbx.recordings).toHaveLength(1)
})

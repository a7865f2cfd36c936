import { exchange, phones } from 'ringdown/testing'
import { expect, test } from 'vitest'
import app from './ivr.ts'

const FILES = { 'jingle.wav': 'Dum di dum.', 'music.wav': 'La la la la la.' }

function shop(desk = phones.person({ says: 'Acme, how can I help?' })) {
  const pbx = exchange({ apps: { '*': app }, files: FILES })
  pbx.phone('desk', desk)
  return { pbx, alice: pbx.phone('alice') }
}

test('a caller hears the hours, asks for an order, and talks to somebody', async () => {
  const { pbx, alice } = shop()
  await alice.call('1000')
  await alice.expectSpeech('jingle.wav')
  await alice.expectSpeech(/press 1/i)
  await alice.press('1')
  await alice.expectSpeech(/nine to five/i)
  await alice.expectSpeech(/your order, press 2/i)
  await alice.press('2')
  await alice.expectSpeech(/eight digits/i)
  await alice.press('123#')
  await alice.expectSpeech(/on your receipt/i)
  await alice.press('12345678')
  await alice.expectSpeech(/1 2 3 4 5 6 7 8 is on its way/i)
  await alice.expectSpeech(/talk to somebody/i)
  await alice.press('0')
  await alice.expectSpeech('music.wav')
  await alice.hears.voice('desk')
  await alice.hangUp()
  await pbx.done()
  expect(pbx.runs[0]?.error).toBeUndefined()
})

test('whoever knows the keys presses them ahead, and hears no menu', async () => {
  const { pbx, alice } = shop()
  await alice.call('1000')
  await alice.sleep(200)
  await alice.press('212345678')
  await alice.expectSpeech(/is on its way/i)
  expect(alice.hasHeard(/opening hours/i)).toBe(false)
  await alice.hangUp()
  await pbx.done()
})

test('whoever presses nothing is asked whether he is there, and gets a person; or is told that none is free', async () => {
  const { pbx, alice } = shop(phones.busy())
  await alice.call('1000')
  await alice.expectSpeech(/are you still there/i)
  await alice.press('*')
  await alice.expectSpeech(/talking to a machine/i)
  await alice.expectSpeech(/nobody is free/i, { withinMs: 60_000 })
  await alice.expectHangUp()
  await pbx.done()
  expect(pbx.runs[0]?.error).toBeUndefined()
})

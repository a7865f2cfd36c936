import { exchange, type PhoneKind, phones, type TestExchange } from 'ringdown/testing'
import 'ringdown/testing/vitest'
import { expect, test } from 'vitest'
import app from './front-desk.ts'

const FILES = {
  'one-moment.wav': 'One moment, please.',
  'music.wav': 'La la la.',
  'desk-busy.wav': 'The desk is busy.',
  'nobody-there.wav': 'Nobody is at the desk.',
}

function withDesk(desk: PhoneKind): TestExchange {
  const pbx = exchange({ apps: { '1000': app }, files: FILES })
  pbx.phone('desk', desk)
  return pbx
}

test('the caller hears a ringtone, then music on hold, then the desk', async () => {
  const pbx = withDesk(phones.person({ rings: 2, says: 'Front desk, good morning.' }))
  const alice = pbx.phone('alice')
  alice.dial('1000')
  await alice.hears.tone('ringback')
  await alice.expectAnswer()
  await alice.expectSpeech(/one moment/i)
  await alice.expectSpeech(/la la la/i)
  expect(alice.isHeld).toBe(true)
  await alice.expectSpeech(/good morning/i)
  expect(alice.isHeld).toBe(false)
  await alice.hangUp()
  await pbx.done()
  expect(pbx.calls.map(({ cause }) => cause)).toEqual(['NORMAL', 'NORMAL'])
})

test('a busy desk, and one where nobody answers: the caller is taken back and told', async () => {
  for (const [desk, words] of [
    [phones.busy(), /desk is busy/i],
    [phones.noAnswer(), /nobody is at the desk/i],
  ] as const) {
    const pbx = withDesk(desk)
    const alice = pbx.phone('alice')
    await alice.call('1000')
    await alice.expectSpeech(words)
    expect(alice.isHeld).toBe(false)
    await alice.expectHangUp()
    await pbx.done()
  }
})

test('a caller who gives up while the desk rings: nobody is called any more', async () => {
  const pbx = withDesk(phones.noAnswer())
  const alice = pbx.phone('alice')
  await alice.call('1000')
  await alice.expectSpeech(/la la la/i)
  await alice.hangUp()
  await pbx.done()
  expect(pbx.calls).toMatchObject([
    { direction: 'inbound', endedBy: 'remote', endedIn: 'HOLDING' },
    { direction: 'outbound', endedBy: 'local', wasAnswered: false },
  ])
})

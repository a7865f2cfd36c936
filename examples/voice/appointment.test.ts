import { exchange, type Phone, type PhoneKind, phones } from 'ringdown/testing'
import { expect, test } from 'vitest'
import app, { type Reply } from './appointment.ts'

async function remind(kind: PhoneKind, desk: PhoneKind = phones.person({ says: 'Doctor Smith, hello?' })) {
  const pbx = exchange({})
  const bob = pbx.phone('bob', kind)
  pbx.phone('desk', desk)
  const replies: Reply[] = []
  const run = await pbx.start(app, {
    to: 'sip:bob@bob',
    desk: 'sip:desk@desk',
    when: 'on Monday the 30th of November at 9 30',
    onReply: (reply: Reply) => replies.push(reply),
  })
  await pbx.done()
  return { bob, returnCode: run.returnCode, error: run.error, replies }
}

const patient = (script: (bob: Phone) => Promise<void>): PhoneKind =>
  phones.scripted(async (bob) => {
    await bob.answer()
    await bob.expectSpeech(/monday the 30th of november/i)
    await script(bob)
    await bob.expectHangUp({ withinMs: 60_000 })
  })

test('somebody comes, after hearing it twice', async () => {
  const hears = patient(async (bob) => {
    await bob.press('*')
    await bob.expectSpeech(/you have an appointment/i)
    await bob.press('1')
    await bob.expectSpeech(/looking forward/i)
  })
  expect(await remind(hears)).toMatchObject({ returnCode: 0, replies: ['keeps'] })
})

test('somebody cancels, and somebody says nothing', async () => {
  const cancels = patient(async (bob) => {
    await bob.expectSpeech(/2 to cancel/i)
    await bob.press('2')
    await bob.expectSpeech(/is cancelled/i)
  })
  expect(await remind(cancels)).toMatchObject({ returnCode: 0, replies: ['cancels'] })
  expect(await remind(patient(async () => {}))).toMatchObject({ returnCode: -101, replies: [], error: undefined })
  expect(await remind(phones.busy())).toMatchObject({ returnCode: -100, replies: [] })
})

test('somebody wants to talk, and the desk is there, or not', async () => {
  const talks = phones.scripted(async (bob) => {
    await bob.answer()
    await bob.expectSpeech(/3 to talk/i)
    await bob.press('3')
    await bob.expectSpeech(/one moment/i)
    await bob.hears.voice('desk')
    await bob.hangUp()
  })
  expect(await remind(talks)).toMatchObject({ returnCode: 0, replies: ['talks'], error: undefined })
  const waits = patient(async (bob) => {
    await bob.press('3')
    await bob.expectSpeech(/nobody is at the desk/i)
  })
  expect(await remind(waits, phones.busy())).toMatchObject({ returnCode: 0, replies: ['talks'] })
})

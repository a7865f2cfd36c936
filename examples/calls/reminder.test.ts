import { exchange, type PhoneKind, phones } from 'ringdown/testing'
import { expect, test } from 'vitest'
import app from './reminder.ts'

async function run(kind: PhoneKind) {
  const pbx = exchange({ files: { 'reminder.wav': 'Do not forget the dentist.' } })
  const bob = pbx.phone('bob', kind)
  const record = await pbx.start(app, { to: 'sip:bob@bob' })
  await pbx.done()
  return { bob, returnCode: record.returnCode, call: pbx.calls[0] }
}

test('somebody who answers hears it', async () => {
  const { bob, returnCode, call } = await run(phones.person())
  expect(returnCode).toBe(0)
  expect(bob.hasHeard(/dentist/i)).toBe(true)
  expect(bob.sip.latestCall.invite.headers.get('X-Campaign')).toBe('reminders')
  expect(call).toMatchObject({ cause: 'NORMAL', endedBy: 'local', wasAnswered: true })
})

test('who does not answer is told apart from who is busy', async () => {
  expect(await run(phones.busy())).toMatchObject({ returnCode: -101, call: { cause: 'BUSY', rawCause: 486 } })
  expect(await run(phones.noAnswer())).toMatchObject({ returnCode: -102, call: { cause: 'TIMEOUT' } })
  expect(await run(phones.unobtainable())).toMatchObject({ returnCode: -100, call: { cause: 'UNOBTAINABLE' } })
})

import { exchange, type PhoneKind, phones } from 'ringdown/testing'
import { expect, test } from 'vitest'
import parcel from './parcel.ts'

async function run(kind: PhoneKind) {
  const pbx = exchange({})
  const callee = pbx.phone('4411', kind)
  const record = await pbx.start(parcel, { number: '4411' })
  await pbx.done()
  const [piece, ...more] = callee.ears.speech
  return { returnCode: record.returnCode, piece, more, callee }
}

test('a person is told', async () => {
  const { returnCode, piece } = await run(phones.person())
  expect([returnCode, piece?.utterance.text]).toEqual([0, expect.stringMatching(/^Your parcel has arrived/)])
})

test('a machine is left a message, once, after its beep', async () => {
  let beepedAt = Number.POSITIVE_INFINITY
  const greeting = 'You have reached Anna Berger. I am not at home. Please leave a message after the tone.'
  const { returnCode, piece, more } = await run(
    phones.scripted(async (phone) => {
      await phone.answer()
      await phone.sleep(600)
      await phone.say(greeting)
      await phone.sleep(400)
      await phone.hum('BEEP')
      beepedAt = phone.now
      await phone.untilEnded()
    }),
  )
  expect(returnCode).toBe(0)
  expect(more).toEqual([])
  expect(piece?.startedAt).toBeGreaterThan(beepedAt)
  expect(piece?.heardMs).toBeCloseTo(piece?.utterance.lengthMs ?? 0, -2)
})

test('nobody answers', async () => {
  expect((await run(phones.busy())).returnCode).toBe(1)
})

import { exchange, type Phone, type PhoneKind, phones, type TestExchange } from 'ringdown/testing'
import { expect, test } from 'vitest'
import app from './warm-transfer.ts'

/** Alice calls about order 47; the telephones of the three colleagues are as given. */
async function aliceCalls(...desks: readonly PhoneKind[]): Promise<{ pbx: TestExchange; alice: Phone; desk: Phone[] }> {
  const pbx = exchange({ apps: { '1000': app }, files: { 'music.wav': 'La la la.' } })
  const desk = ['ann', 'ben', 'cid'].map((name, i) => pbx.phone(name, desks[i]))
  const alice = pbx.phone('alice')
  await alice.call('1000')
  await alice.expectSpeech(/your order/i)
  await alice.press('47#')
  return { pbx, alice, desk }
}

async function expectClean(pbx: TestExchange): Promise<void> {
  await pbx.done()
  expect(pbx.runs).toMatchObject([{ returnCode: 0 }])
  expect(pbx.exchange.alive).toBe(0)
}

test('the first who answers hears what it is about while the caller hears music, and takes the call by a key', async () => {
  const { pbx, alice, desk } = await aliceCalls(phones.noAnswer(), {}, phones.noAnswer())
  const [ann, ben, cid] = desk as [Phone, Phone, Phone]
  await ben.expectCall()
  await alice.expectSpeech(/la la la/i)
  await ben.answer()
  await ben.expectSpeech(/about order 4 7/i)
  expect(alice.hasHeard(/order 4 7/i)).toBe(false)
  for (const other of [ann, cid]) expect(other.ended?.by).toBe('far end')
  await ben.press('1')
  await ben.say('Hello, this is Ben. Your order has left.')
  await alice.expectSpeech(/this is ben/i)
  await alice.hangUp()
  await ben.expectHangUp()
  await expectClean(pbx)
})

test('who does not take the call, as a mailbox does not, never hears the caller, who is told', async () => {
  const { pbx, alice, desk } = await aliceCalls(phones.busy(), phones.person({ says: 'Hello?' }), phones.busy())
  await alice.expectSpeech(/all of us are on the telephone/i)
  expect(alice.hasHeard(/hello/i)).toBe(false)
  await alice.expectHangUp()
  await expectClean(pbx)
  expect(desk[1]?.ended?.by).toBe('far end')
})

test('nobody answers; and a caller who gives up ends every ringing', async () => {
  const nobody = [phones.noAnswer(), phones.noAnswer(), phones.noAnswer()]
  const first = await aliceCalls(...nobody)
  await first.alice.expectSpeech(/nobody is at his desk/i)
  await expectClean(first.pbx)

  const second = await aliceCalls(...nobody)
  await second.alice.expectSpeech(/la la la/i)
  await second.alice.hangUp()
  await second.pbx.sleep(500)
  for (const phone of second.desk) expect(phone.ended?.by).toBe('far end')
  await expectClean(second.pbx)
})

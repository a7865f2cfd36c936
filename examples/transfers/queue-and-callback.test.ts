import { exchange, type Phone, phones, type TestExchange } from 'ringdown/testing'
import { expect, test } from 'vitest'
import app from './queue-and-callback.ts'

/** Two agents: Ben talks all day, Ann until `freeAtMs`. */
function queue(freeAtMs: number): { pbx: TestExchange; alice: Phone; ann: Phone } {
  const pbx: TestExchange = exchange({ apps: { '1000': app }, files: { 'music.wav': 'La la la.' } })
  const ann = pbx.phone(
    'ann',
    phones.scripted(async (phone) => {
      if (pbx.sim.now < freeAtMs) {
        phone.ring()
        await phone.sleep(5000)
        phone.reject(486)
        return
      }
      await phone.answer()
      await phone.expectSpeech(/press 1/i)
      await phone.press('1')
    }),
  )
  pbx.phone('ben', phones.busy())
  return { pbx, alice: pbx.phone('alice'), ann }
}

async function expectClean(pbx: TestExchange): Promise<void> {
  await pbx.done()
  expect(pbx.runs).toMatchObject([{ returnCode: 0 }])
  expect(pbx.exchange.alive).toBe(0)
}

test('who waits hears music and is told, and then has the first agent who takes the call', async () => {
  const { pbx, alice, ann } = queue(6000)
  await alice.call('1000')
  await alice.expectSpeech(/la la la/i)
  await alice.expectSpeech(/stay on the line/i)
  await ann.until('expected to have the call', () => ann.state === 'ANSWERED', { isForEnd: true })
  await ann.sleep(5000)
  await ann.say('Ann speaking.')
  await alice.expectSpeech(/ann speaking/i)
  await alice.hangUp()
  await ann.expectHangUp()
  await expectClean(pbx)
})

test('who wants to be called back hangs up, and is called when an agent is there', async () => {
  const { pbx, alice, ann } = queue(100_000)
  await alice.call('1000')
  await alice.expectSpeech(/shall we call you back/i)
  await alice.press('1')
  await alice.expectSpeech(/we will call you/i)
  await alice.expectHangUp()
  await alice.until('expected to be called back', () => alice.state === 'CALLED', { isForEnd: true, withinMs: 300_000 })
  expect(ann.state).toBe('ANSWERED')
  await ann.hears.tone('ringback')
  await alice.answer()
  await alice.say('Oh, how quick.')
  await ann.expectSpeech(/how quick/i)
  await ann.hangUp()
  await alice.expectHangUp()
  await expectClean(pbx)
})

test('a caller who gives up in the queue is called by nobody', async () => {
  const { pbx, alice, ann } = queue(100_000)
  await alice.call('1000')
  await alice.expectSpeech(/la la la/i)
  await alice.hangUp()
  await expectClean(pbx)
  expect(ann.callCount).toBe(1)
  expect(alice.callCount).toBe(1)
})

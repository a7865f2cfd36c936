import { exchange, type Phone, type PhoneKind, phones, type TestExchange } from 'ringdown/testing'
import { expect, test, vi } from 'vitest'
import managedTransfer from './managed-transfer.ts'

/** Alice calls the application, which transfers her to a target of that kind; what it prints is kept. */
async function transferTo(kind: PhoneKind) {
  const printed: string[] = []
  const log = vi.spyOn(console, 'log').mockImplementation((line) => void printed.push(line))
  const pbx: TestExchange = exchange(managedTransfer)
  const target: Phone = pbx.phone('target', kind, { address: '127.0.0.1' })
  const alice = pbx.phone('alice')
  await alice.call('1000')
  const done = async () => {
    await pbx.done()
    log.mockRestore()
    expect(pbx.runs).toMatchObject([{ returnCode: 0 }])
    expect(pbx.exchange.alive).toBe(0)
    return printed
  }
  return { alice, target, done }
}

test('a target that answers: the two talk as long as they like, although the application has ended', async () => {
  const { alice, target, done } = await transferTo(phones.person({ says: 'Sales, good morning.', rings: 1 }))
  await alice.hears.tone('ringback')
  await alice.expectSpeech(/good morning/i)
  await alice.say('I want to buy a telephone exchange.')
  await target.expectSpeech(/telephone exchange/i)
  await alice.sleep(60_000)
  await alice.hangUp()
  expect(await done()).toEqual([])
  expect(target.sip.latestCall.invite.uri).toBe('sip:3301@127.0.0.1:5060;user=phone')
})

test('scenario 12: a busy target; the application says so, and the caller is with it again', async () => {
  const { alice, done } = await transferTo(phones.busy())
  await alice.expectHangUp({ withinMs: 1000 })
  expect(await done()).toEqual(['Busy, try again later'])
})

test('a target that does not answer is not busy', async () => {
  const { alice, done } = await transferTo(phones.noAnswer())
  await alice.expectHangUp({ withinMs: 125_000 })
  expect(await done()).toEqual([])
})

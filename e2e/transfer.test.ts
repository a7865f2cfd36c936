import { type Phone, phones, type RealPhones } from 'ringdown/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Report } from './apps/report.ts'
import type { TransferWish } from './apps/transfer.ts'
import { Capture } from './harness/capture.ts'
import { TestExchange } from './harness/exchange.ts'
import { LoopbackNetwork } from './harness/loopback.ts'
import { describeWith } from './harness/programs.ts'
import { Sipp, type SippOptions, type SippResult } from './harness/sipp.ts'
import { expectHeard } from './harness/talk.ts'

/** What the caller is played when he is with the application again. */
const BACK = [400]
const BACK_AGAIN = ['TRANSFERRING', 'ANSWERED', 'IDLE']

describeWith('sipp', 'tshark')('callers who are transferred to SIPp', () => {
  const network = new LoopbackNetwork()
  let exchange: TestExchange
  let real: RealPhones
  /** Ended with all the rest, should their test have failed. */
  const started: { stop(): Promise<void> }[] = []

  beforeAll(async () => {
    exchange = await TestExchange.start({ address: network.next(), services: { transfer: 'transfer' } })
    real = phones.real({ exchange: `${exchange.address}:5060` })
  })

  afterAll(async () => {
    await Promise.all(started.map((each) => each.stop()))
    await real?.close()
    await exchange?.stop()
  })

  interface Call {
    readonly alice: Phone
    /** How it went, when all is over. */
    readonly over: () => Promise<{ ours: Report; theirs: SippResult }>
  }

  /** A caller asks to be transferred to a SIPp that does as its scenario says. */
  async function transferred(
    far: Omit<SippOptions, 'address'>,
    wish: Omit<TransferWish, 'to'> = {},
    to = network.next(),
  ): Promise<Call> {
    const sipp = await Sipp.start({ ...far, address: to })
    started.push(sipp)
    const name = `caller${to.replaceAll('.', '-')}`
    const alice = real.phone(name, {}, { address: network.next() })
    const header = JSON.stringify({ to: `sip:far@${to}:5060`, ...wish })
    expect(await alice.call('transfer', { headers: [['X-Wish', header]] })).toBe(200)
    return {
      alice,
      over: async () => {
        await alice.untilEnded()
        const ours = await exchange.report('transfer', ({ details }) => details?.from.includes(name) === true)
        return { ours, theirs: await sipp.finished() }
      },
    }
  }

  const sentAt = ({ messages }: SippResult, start: RegExp) =>
    1000 * (messages.find((each) => each.direction === 'sent' && start.test(each.start))?.at ?? Number.NaN)
  const received = ({ messages }: SippResult) =>
    messages.flatMap(({ direction, start }) => (direction === 'received' ? [start.split(' ')[0]] : []))

  test.concurrent.each([
    { what: 'is busy', status: 486, phrase: 'Busy Here' },
    { what: 'rejects', status: 603, phrase: 'Decline' },
    { what: 'does not exist', status: 404, phrase: 'Not Found' },
  ])('the target $what: the caller is back within a second', async ({ status, phrase }) => {
    const values = { status, phrase, header: 'X-None: 1' }
    const { alice, over } = await transferred({ scenario: 'callee-refuses', values })
    await alice.hears.tone(BACK)
    const { ours, theirs } = await over()
    expect(theirs).toMatchObject({ exitCode: 0, errors: '' })
    expect(ours.found).toMatchObject({ isThere: false, cause: 'TARGETREJECT', rawCause: status })
    expect(ours.states.slice(-3)).toEqual(BACK_AGAIN)
    expect((ours.found.settledAt as number) - sentAt(theirs, new RegExp(`${status}`))).toBeLessThan(1000)
  })

  test.concurrent('the target rings out: the caller hears ringback, packet by packet, and is back', async () => {
    const capture = await Capture.start(exchange.address)
    started.push(capture)
    const { alice, over } = await transferred({ scenario: 'callee-rings' }, { options: { timeoutMs: 4000 } })
    const { port = 0 } = alice.mediaPeer ?? {}
    await alice.hears.tone('ringback')
    await alice.hears.tone(BACK)
    const { ours, theirs } = await over()
    expect(theirs).toMatchObject({ exitCode: 0, errors: '' })
    expect(ours.found).toMatchObject({ isThere: false, cause: 'TIMEOUT' })
    expect(ours.states.slice(-3)).toEqual(BACK_AGAIN)
    const [stream] = (await capture.streams(port)).filter(({ to }) => to === alice.sip.address)
    expect(stream).toMatchObject({ lost: 0 })
    expect(stream?.packets).toBeGreaterThan(200)
    expect(stream?.maxDeltaMs).toBeLessThanOrEqual(60)
  })

  test.concurrent('the target answers: ringback ends, the two hear each other, and either ends both', async () => {
    const far = { scenario: 'callee-slow', values: { thinkMs: 3000 }, args: ['-rtp_echo'] }
    const { alice, over } = await transferred(far)
    await alice.hears.tone('ringback')
    // The far end gives back what it hears, once it has answered.
    const echo = await expectHeard(alice, alice)
    expect(alice.ears.tones.filter(({ startedAt }) => startedAt > echo.startedAt)).toEqual([])
    await alice.hangUp()
    const { ours, theirs } = await over()
    expect(theirs).toMatchObject({ exitCode: 0, errors: '' })
    expect(ours.found).toMatchObject({ isThere: true, cause: 'NORMAL' })
    expect(ours.states.slice(-3)).toEqual(['TRANSFERRING', 'TRANSFERRED', 'IDLE'])
  })

  test.concurrent('the target answers and hangs up within 200 ms, before it has accepted: TARGETHANGUP', async () => {
    const far = { scenario: 'callee-hangs-up', values: { talkMs: 150, header: 'X-None: 1' } }
    const { alice, over } = await transferred(far, { options: { acceptDigit: '1' } })
    await alice.hears.tone(BACK)
    const { ours, theirs } = await over()
    expect(theirs).toMatchObject({ exitCode: 0, errors: '' })
    expect(ours.found).toMatchObject({ isThere: false, cause: 'TARGETHANGUP' })
    expect(ours.states.slice(-3)).toEqual(BACK_AGAIN)
    expect((ours.found.settledAt as number) - sentAt(theirs, /^BYE/)).toBeLessThan(1000)
  })

  test.concurrent('the target answers and hangs up within 200 ms: who was lent to it is back', async () => {
    const far = { scenario: 'callee-hangs-up', values: { talkMs: 150, header: 'X-None: 1' } }
    const { alice, over } = await transferred(far, { isOnLoan: true })
    await alice.hears.tone(BACK)
    const { ours, theirs } = await over()
    expect(theirs).toMatchObject({ exitCode: 0, errors: '' })
    expect(ours.found).toMatchObject({ isThere: true, cause: 'NORMAL' })
    expect(ours.states.slice(-5)).toEqual(['TRANSFERRING', 'TRANSFERRED', 'RECONNECTING', 'ANSWERED', 'IDLE'])
  })

  test.concurrent('the target answers after the caller has gone: it is hung up on at once', async () => {
    const { alice, over } = await transferred({ scenario: 'callee-answers-late' })
    await alice.hears.tone('ringback')
    await alice.hangUp()
    const { ours, theirs } = await over()
    expect(theirs).toMatchObject({ exitCode: 0, errors: '' })
    expect(received(theirs)).toEqual(['INVITE', 'CANCEL', 'ACK', 'BYE'])
    expect(ours.found).toMatchObject({ isThere: false, cause: 'HANGUP' })
    expect(ours.states.slice(-2)).toEqual(['TRANSFERRING', 'IDLE'])
  })

  test.concurrent('the target answers while we cancel: the caller is back, and not with it', async () => {
    const far = { scenario: 'callee-answers-late', args: ['-rtp_echo'] }
    const { alice, over } = await transferred(far, { options: { timeoutMs: 2500 } })
    await alice.hears.tone('ringback')
    await alice.hears.tone(BACK)
    const { ours, theirs } = await over()
    expect(theirs).toMatchObject({ exitCode: 0, errors: '' })
    expect(received(theirs)).toEqual(['INVITE', 'CANCEL', 'ACK', 'BYE'])
    expect(ours.found).toMatchObject({ isThere: false, cause: 'TIMEOUT' })
    expect(ours.states.slice(-3)).toEqual(BACK_AGAIN)
  })
})

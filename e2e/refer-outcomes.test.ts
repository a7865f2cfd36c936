import { fileURLToPath } from 'node:url'
import { type Phone, type PhoneKind, phones, type RealPhones } from 'ringdown/testing'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import type { SendOnParameters } from './apps/send-on.ts'
import { silence } from './harness/audio.ts'
import { Baresip } from './harness/baresip.ts'
import { TestExchange } from './harness/exchange.ts'
import { LoopbackNetwork } from './harness/loopback.ts'
import { describeWith } from './harness/programs.ts'
import { Sipp, type SippResult } from './harness/sipp.ts'
import { expectHeard } from './harness/talk.ts'
import { waitFor } from './harness/wait.ts'

describeWith('sipp', 'baresip')('what comes of a REFER', { retry: 1 }, () => {
  const network = new LoopbackNetwork()
  const bobAddress = network.next()
  /** For one test. */
  const started: { stop(): Promise<void> }[] = []
  let exchange: TestExchange
  let real: RealPhones
  /** Whom the service `desk` connects its callers to. */
  let bob: Phone

  beforeAll(async () => {
    exchange = await TestExchange.start({
      address: network.next(),
      services: { desk: { app: 'connect', parameters: { to: `sip:far@${bobAddress}` } } },
      transfers: {
        from: 'everybody',
        hosts: ['*'],
        outside: { from: 'everybody', app: fileURLToPath(new URL('apps/asked-to-call.ts', import.meta.url)) },
      },
    })
    real = phones.real()
    bob = real.phone('bob', { onCall: (phone) => phone.answer() }, { address: bobAddress, port: 5060 })
  })

  // Whatever became of a test, the next one, or the same once more, finds nobody in a call.
  afterEach(async () => {
    await Promise.all(started.splice(0).map((each) => each.stop()))
    for (const each of [bob, ...called.splice(0)]) await each.hangUp()
    await waitFor('no call is left', async () => (await exchange.sizes()).calls === 0)
  })

  afterAll(async () => {
    await real?.close()
    await exchange?.stop()
  })

  /** Phones of one test. */
  const called: Phone[] = []
  let phonesMade = 0
  const phone = (kind: PhoneKind): Phone => {
    const made = real.phone(`phone${phonesMade++}`, kind, { address: network.next(), port: 5060 })
    called.push(made)
    return made
  }

  /** SIPp calls bob by way of us, gives back what it hears, and has him transferred. */
  async function refers(target: string, talkMs: number): Promise<Sipp> {
    const callee = `${exchange.address}:5060`
    const values = { target, talkMs }
    const call = { scenario: 'caller-refers', values, callee, user: 'desk', args: ['-rtp_echo'] }
    const sipp = await Sipp.start({ ...call, address: network.next() })
    started.push(sipp)
    return sipp
  }

  /** SIPp asks outside of any call that somebody be called. */
  const asks = (target: string): Promise<SippResult> =>
    Sipp.run({
      scenario: 'refers-outside',
      values: { target },
      callee: `${exchange.address}:5060`,
      user: 'desk',
      address: network.next(),
    })

  const answersTo = ({ messages }: SippResult, method: string) =>
    messages.flatMap(({ direction, start, text }) =>
      direction === 'received' && start.startsWith('SIP/2.0') && text.includes(` ${method}\r\n`) ? [start] : [],
    )
  const reportsOf = ({ messages }: SippResult) =>
    messages.flatMap(({ direction, start, text }) =>
      direction === 'received' && start.startsWith('NOTIFY ')
        ? [/^SIP\/2\.0 (.*)$/m.exec(text.slice(start.length))?.[1]?.trim()]
        : [],
    )

  const subscriptionsOf = ({ messages }: SippResult) =>
    messages.flatMap(({ direction, start, text }) =>
      direction === 'received' && start.startsWith('NOTIFY ') ? [/^Subscription-State: (\w+)/m.exec(text)?.[1]] : [],
    )

  test('to somebody unknown: 202, a report of 404, and the two talk on', async () => {
    const carol = phone({ onCall: async (phone) => phone.reject(404) })
    const alice = await refers(carol.uri, 4000)
    await carol.until('to have been called', () => carol.ended !== undefined)
    // Alice gives back what she hears.
    await expectHeard(bob, bob)
    const theirs = await alice.finished()
    expect(theirs).toMatchObject({ exitCode: 0, errors: '' })
    expect(answersTo(theirs, 'REFER')).toEqual(['SIP/2.0 202 Accepted'])
    expect(reportsOf(theirs)).toEqual(['100 Trying', '404 Not Found'])
    await bob.hangUp()
    expect(await exchange.report('connect')).toMatchObject({ state: 'IDLE', details: { endedIn: 'ANSWERED' } })
  })

  test('the one to be transferred hangs up while the target rings: it is cancelled at once, and the other is told', async () => {
    const carol = phone({ onCall: async (phone) => phone.ring() })
    const alice = await refers(carol.uri, 200)
    await carol.expectCall()
    await carol.sleep(500)
    const hungUpAt = carol.now
    await bob.hangUp()
    await carol.untilEnded()
    expect((carol.ended?.at ?? Number.POSITIVE_INFINITY) - hungUpAt).toBeLessThan(1000)
    const theirs = await alice.finished()
    expect(theirs).toMatchObject({ exitCode: 0, errors: '' })
    expect(reportsOf(theirs)).toEqual(['100 Trying', '180 Ringing', '487 Request Terminated'])
  })

  test('attended, among two baresips, which know no Replaces: the target takes a second call, and ours is over', async () => {
    const [to, target] = [network.next(), network.next()]
    const says = silence(60)
    const alice = await Baresip.start({ address: to, says })
    started.push(alice)
    const carol = await Baresip.start({ address: target, says })
    started.push(carol)
    const wish = { to: `sip:far@${to}`, target: `sip:far@${target}`, isAttended: true, timeoutMs: 4000 }
    const { found } = await exchange.run<SendOnParameters>('send-on', wish)
    expect(found).toMatchObject({ isThere: true, transferCause: 'NORMAL', stateAfter: 'IDLE', targetAfter: 'IDLE' })
    expect(alice.output).toMatch(/Call established: sip:far-\S+\?Replaces=/)
    expect(carol.output).toContain(`answering call on line 2 from sip:far@${to}`)
    await carol.untilClosed()
  })

  test('outside of any call: the application calls whom it is asked to, and it is reported until he has answered', async () => {
    const carol = phone({
      onCall: async (phone) => {
        phone.ring()
        await phone.answer()
      },
    })
    const asked = asks(carol.uri)
    await carol.hears.tone([440, 480])
    await carol.hangUp()
    const theirs = await asked
    expect(theirs).toMatchObject({ exitCode: 0, errors: '' })
    expect(answersTo(theirs, 'REFER')).toEqual(['SIP/2.0 202 Accepted'])
    expect(reportsOf(theirs)).toEqual(['100 Trying', '180 Ringing', '200 OK'])
    expect(subscriptionsOf(theirs)).toEqual(['active', 'active', 'terminated'])
    const ours = await exchange.report('asked-to-call')
    expect(ours).toMatchObject({ state: 'IDLE', cause: 'NORMAL', found: { isThere: true } })
    expect(ours.found.referredBy).toMatch(/^sip:sipp@/)
  })

  test('outside of any call, for one whom the application does not call: 403, and no subscription', async () => {
    const carol = phone({ onCall: (phone) => phone.answer() })
    const theirs = await asks(carol.uri.replace(/^sip:[^@]*@/, 'sip:barred@'))
    expect(theirs).toMatchObject({ exitCode: 0, errors: '' })
    expect(answersTo(theirs, 'REFER')).toEqual(['SIP/2.0 403 Forbidden'])
    expect(reportsOf(theirs)).toEqual([])
    expect(carol.callCount).toBe(0)
  })

  test('then nothing is left: no call, no port, no subscription', async () => {
    const nothing = { calls: 0, instances: 0, sessions: 0, mediaLegs: 0, refers: 0 }
    await expect.poll(() => exchange.sizes(), { timeout: 8000 }).toMatchObject(nothing)
  })
})

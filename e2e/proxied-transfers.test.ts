import { type Phone, type PhoneKind, phones, type RealPhones } from 'ringdown/testing'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import type { SendOnParameters } from './apps/send-on.ts'
import { babble, joined, silence } from './harness/audio.ts'
import { Baresip, type BaresipOptions } from './harness/baresip.ts'
import { CertificateFolder } from './harness/certificates.ts'
import { TestExchange } from './harness/exchange.ts'
import { Kamailio } from './harness/kamailio.ts'
import { Linphone } from './harness/linphone.ts'
import { LoopbackNetwork } from './harness/loopback.ts'
import { describeWith } from './harness/programs.ts'
import { Sipp } from './harness/sipp.ts'
import { expectHeard, untilInCall } from './harness/talk.ts'
import { waitFor } from './harness/wait.ts'

/** What the application `transfer` plays to a caller who is with it again. */
const BACK = [400]
const RINGBACK = [440, 480]

describeWith(
  'kamailio',
  'baresip',
  'linphonec',
  'sipp',
)('transfers with Kamailio between all of them', { retry: 1 }, () => {
  const network = new LoopbackNetwork()
  const certificates = new CertificateFolder()
  const proxy = network.next()
  const places = { bob: network.next(), dave: network.next() }
  /** For one test. */
  const started: { stop(): Promise<void> }[] = []
  let exchange: TestExchange
  let kamailio: Kamailio
  let real: RealPhones
  /** Whom services of their names call. */
  let bob: Phone
  let dave: Phone

  beforeAll(async () => {
    const connect = (to: string) => ({ app: 'connect', parameters: { to: `sip:far@${to}:5060` } })
    const address = network.next()
    exchange = await TestExchange.start({
      address,
      sip: { outboundProxy: `sip:${proxy}:5060` },
      services: { bob: connect(places.bob), dave: connect(places.dave), transfer: 'transfer' },
      transfers: { from: 'everybody', hosts: ['*'] },
    })
    kamailio = await Kamailio.start({
      address: proxy,
      exchanges: [`sip:${exchange.address}:5060`],
      certificate: certificates.issue(proxy),
      authority: certificates.authority,
    })
    real = phones.real({ exchange: `${proxy}:5060` })
    bob = phone(answers, places.bob)
    dave = phone(answers, places.dave)
    made.length = 0
  })

  // Whatever became of a test, the next one, or the same once more, finds nobody in a call.
  afterEach(async () => {
    await Promise.all(started.splice(0).map((each) => each.stop()))
    for (const each of [bob, dave, ...made.splice(0)]) await each.hangUp()
    await waitFor('no call is left', async () => (await exchange.sizes()).calls === 0)
  })

  afterAll(async () => {
    await real?.close()
    await kamailio?.stop()
    await exchange?.stop()
    certificates.remove()
  })

  async function baresip(options: Partial<BaresipOptions> = {}): Promise<Baresip> {
    const phone = await Baresip.start({ address: network.next(), says: silence(60), ...options })
    started.push(phone)
    return phone
  }

  async function linphone(address = network.next()): Promise<Linphone> {
    const phone = await Linphone.start({ address, says: joined(silence(1), babble(20, 50), silence(60)) })
    started.push(phone)
    return phone
  }

  /** Phones of one test. */
  const made: Phone[] = []
  let phonesMade = 0
  /** A phone that tells tones, at an address of its own. */
  const phone = (kind: PhoneKind = answers, address = network.next()): Phone => {
    const one = real.phone(`phone${phonesMade++}`, kind, { address, port: 5060 })
    made.push(one)
    return one
  }
  const answers: PhoneKind = { onCall: (phone) => phone.answer() }
  const ringsFirst: PhoneKind = {
    onCall: async (phone) => {
      phone.ring()
      await phone.sleep(1500)
      await phone.answer()
    },
  }

  async function expectTalk(one: Phone, other: Phone): Promise<void> {
    await expectHeard(one, other)
    await expectHeard(other, one)
  }

  test('baresip holds whom it is connected to, and has him transferred: he hears ringback, and then the target', async () => {
    const carol = phone(ringsFirst)
    const alice = await baresip({ answers: false })
    alice.dial(`sip:bob@${proxy}`)
    await alice.untilEstablished()
    await untilInCall(bob)
    const before = kamailio.requests('REFER')
    alice.hold()
    await bob.sleep(500)
    alice.transfer(carol.uri)
    await bob.hears.tone(RINGBACK)
    await untilInCall(carol)
    await expectTalk(bob, carol)
    await bob.hangUp()
    await carol.expectHangUp()
    expect(kamailio.requests('REFER')).toBe(before + 1)
  })

  test('baresip has him transferred to who is busy: it is told, and he stays', async () => {
    const carol = phone({ onCall: async (phone) => phone.reject(486) })
    const alice = await baresip({ answers: false })
    alice.dial(`sip:bob@${proxy}`)
    await alice.untilEstablished()
    await untilInCall(bob)
    alice.transfer(carol.uri)
    await waitFor('baresip is told', () => alice.output.includes('transfer failed: 486 Busy Here'))
    expect([carol.callCount, bob.state]).toEqual([1, 'ANSWERED'])
  })

  test('we have baresip call the target, and are out of it', async () => {
    const carol = phone()
    const address = network.next()
    const alice = await baresip({ address })
    const wish = { to: `sip:far@${address}`, target: carol.uri }
    const before = kamailio.requests('REFER')
    const { found } = await exchange.run<SendOnParameters>('send-on', wish)
    expect(found).toMatchObject({ isThere: true, stateAfter: 'IDLE', transferCause: 'NORMAL' })
    expect(kamailio.requests('REFER')).toBe(before + 1)
    expect(alice.output).toContain(`Call established: ${carol.uri}`)
    await carol.hangUp()
  })

  test('linphone has us connect the two whom it talks to', async () => {
    const alice = await linphone()
    await alice.call(`sip:bob@${proxy}`)
    await alice.hold()
    await alice.call(`sip:dave@${proxy}`, 2)
    await untilInCall(dave)
    await dave.hears.sound()
    const before = kamailio.requests('REFER')
    alice.transfer(1, 2)
    await Promise.all([alice.untilClosed(1), alice.untilClosed(2)])
    await expectTalk(bob, dave)
    expect(kamailio.requests('REFER')).toBe(before + 1)
    await bob.hangUp()
    await dave.expectHangUp()
  })

  test('linphone takes our place in our call to another', async () => {
    const [to, target] = [network.next(), network.next()]
    const [alice, carol] = await Promise.all([linphone(to), linphone(target)])
    const wish = { to: `sip:far@${to}`, target: `sip:far@${target}`, isAttended: true }
    const before = kamailio.requests('REFER')
    const { found } = await exchange.run<SendOnParameters>('send-on', wish)
    expect(found).toMatchObject({ isThere: true, transferCause: 'NORMAL', stateAfter: 'IDLE', targetAfter: 'IDLE' })
    await Promise.all([alice.untilEstablished(2), carol.untilEstablished(2)])
    expect(kamailio.requests('REFER')).toBe(before + 1)
  })

  async function transferred(to: string): Promise<Phone> {
    const alice = phone({})
    expect(await alice.call('transfer', { headers: [['X-Wish', JSON.stringify({ to })]] })).toBe(200)
    return alice
  }

  test('managedTransfer: the caller hears ringback until the target answers, and then the target', async () => {
    const carol = phone(ringsFirst)
    const alice = await transferred(carol.uri)
    await alice.hears.tone(RINGBACK)
    await untilInCall(carol)
    await expectTalk(alice, carol)
    await carol.hangUp()
    await alice.expectHangUp()
    expect((await exchange.report('transfer')).found).toMatchObject({ isThere: true, cause: 'NORMAL' })
  })

  test('managedTransfer: the target is busy, and the caller is with the application again', async () => {
    const address = network.next()
    const values = { status: 486, phrase: 'Busy Here', header: 'X-None: 1' }
    const sipp = await Sipp.start({ scenario: 'callee-refuses', values, address })
    started.push(sipp)
    const alice = await transferred(`sip:far@${address}:5060`)
    await alice.hears.tone(BACK)
    await alice.untilEnded()
    expect((await exchange.report('transfer')).found).toMatchObject({
      isThere: false,
      cause: 'TARGETREJECT',
      rawCause: 486,
    })
    expect(await sipp.finished()).toMatchObject({ exitCode: 0, errors: '' })
  })

  test('then nothing is left: no call, no port, no subscription', async () => {
    const nothing = { calls: 0, instances: 0, sessions: 0, mediaLegs: 0, refers: 0 }
    await expect.poll(() => exchange.sizes(), { timeout: 8000 }).toMatchObject(nothing)
  })
})

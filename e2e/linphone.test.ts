import { type Phone, phones, type RealPhones } from 'ringdown/testing'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import type { SendOnParameters } from './apps/send-on.ts'
import { babble, joined, SAMPLE_RATE, silence } from './harness/audio.ts'
import { correlateParts } from './harness/correlate.ts'
import { TestExchange } from './harness/exchange.ts'
import { Linphone } from './harness/linphone.ts'
import { LoopbackNetwork } from './harness/loopback.ts'
import { describeWith } from './harness/programs.ts'
import { expectHeard, untilInCall } from './harness/talk.ts'
import { waitFor } from './harness/wait.ts'

/** Words that linphone says in each call, and what is around them. */
const WORDS_MS = 1500
/** The beginning of a call is not sent whole. */
const BEFORE_MS = 1000
/** From the beginning of a call until they were heard. */
const HEARD_MS = BEFORE_MS + WORDS_MS + 700

describeWith('linphonec')('attended transfers with linphone', { retry: 1 }, () => {
  const network = new LoopbackNetwork()
  const places = { bob: network.next(), carol: network.next() }
  let exchange: TestExchange
  let real: RealPhones
  /** Whom services of their names call. */
  let bob: Phone
  let carol: Phone
  /** For one test. */
  const started: Linphone[] = []

  beforeAll(async () => {
    const connect = (to: string) => ({ app: 'connect', parameters: { to: `sip:far@${to}:5060` } })
    exchange = await TestExchange.start({
      address: network.next(),
      services: { bob: connect(places.bob), carol: connect(places.carol), echo: 'echo' },
      transfers: { from: 'everybody', hosts: ['*'] },
    })
    real = phones.real()
    const answers = { onCall: (phone: Phone) => phone.answer() }
    bob = real.phone('bob', answers, { address: places.bob, port: 5060 })
    carol = real.phone('carol', answers, { address: places.carol, port: 5060 })
  })

  // Whatever became of a test, the next one, or the same once more, finds nobody in a call.
  afterEach(async () => {
    await Promise.all(started.splice(0).map((each) => each.stop()))
    for (const each of [bob, carol]) await each.hangUp()
    await waitFor('no call is left', async () => (await exchange.sizes()).calls === 0)
  })

  afterAll(async () => {
    await real?.close()
    await exchange?.stop()
  })

  async function linphone(words: Int16Array, address = network.next()): Promise<Linphone> {
    const says = joined(silence(BEFORE_MS / 1000), words, silence(60))
    const phone = await Linphone.start({ address, says })
    started.push(phone)
    return phone
  }

  /**
   * That these are the words it heard: their end, because it beeps to itself when it takes a call beside another; and part by
   * part, for a single packet that is left out or doubled on a full machine would shift all that follows.
   */
  function expectWords(by: Linphone, words: Int16Array): void {
    expect(correlateParts(words.subarray(-0.6 * SAMPLE_RATE), by.heard())).toBeGreaterThan(0.9)
  }

  const wordsOf = (seed: number) => babble(WORDS_MS / 1000, seed)
  const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

  test('transferor: it has us connect the two whom it talks to, and they hear each other', async () => {
    const alice = await linphone(wordsOf(40))
    await alice.call(`sip:bob@${exchange.address}`)
    await untilInCall(bob)
    await bob.hears.sound()
    await alice.hold()
    await alice.call(`sip:carol@${exchange.address}`, 2)
    await untilInCall(carol)
    await carol.hears.sound()
    alice.transfer(1, 2)
    await Promise.all([alice.untilClosed(1), alice.untilClosed(2)])
    expect(alice.output).toMatch(/call 1 has been transfered/)
    await expectHeard(bob, carol)
    await expectHeard(carol, bob)
    await bob.hangUp()
    await carol.expectHangUp()
  })

  test('transferee and target: one takes our place in our call to the other', async () => {
    const [ofAlice, ofCarol] = [wordsOf(41), wordsOf(42)]
    const [to, target] = [network.next(), network.next()]
    const [alice, carol] = await Promise.all([linphone(ofAlice, to), linphone(ofCarol, target)])
    const wish = { to: `sip:far@${to}`, target: `sip:far@${target}`, isAttended: true }
    const { found } = await exchange.run<SendOnParameters>('send-on', wish)
    expect(found).toMatchObject({ isThere: true, transferCause: 'NORMAL', stateAfter: 'IDLE', targetAfter: 'IDLE' })
    await Promise.all([alice.untilEstablished(2), carol.untilEstablished(2)])
    await sleep(HEARD_MS)
    carol.hangUp()
    await Promise.all([alice.untilClosed(2), carol.untilClosed(2)])
    expectWords(carol, ofAlice)
    expectWords(alice, ofCarol)
  })

  test('transferee: it takes the place of another linphone in a call with us, and has the application', async () => {
    const words = wordsOf(43)
    const address = network.next()
    const [alice, bob] = await Promise.all([linphone(words, address), linphone(wordsOf(44))])
    await bob.call(`sip:far@${address}`)
    await bob.hold()
    await bob.call(`sip:echo@${exchange.address}`, 2)
    bob.transfer(1, 2)
    await Promise.all([bob.untilClosed(1), bob.untilClosed(2), alice.untilEstablished(2)])
    await sleep(HEARD_MS)
    alice.hangUp()
    await alice.untilClosed(2)
    // The application says what it hears.
    expectWords(alice, words)
  })

  test('then nothing is left: no call, no port, no subscription', async () => {
    const nothing = { calls: 0, instances: 0, sessions: 0, mediaLegs: 0, refers: 0 }
    await expect.poll(() => exchange.sizes(), { timeout: 8000 }).toMatchObject(nothing)
    expect(await exchange.counters()).toMatchObject({
      callsReferred: expect.any(Number),
      callsReplaced: expect.any(Number),
    })
  })
})

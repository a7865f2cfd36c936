import { phones, type RealPhones } from 'ringdown/testing'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { babble, joined, silence } from './harness/audio.ts'
import { Baresip } from './harness/baresip.ts'
import { TestExchange } from './harness/exchange.ts'
import { LoopbackNetwork } from './harness/loopback.ts'
import { describeWith } from './harness/programs.ts'

const NOTHING = { calls: 0, instances: 0, sessions: 0, mediaLegs: 0 }
/** What the caller is played when he is with the application again. */
const BACK = [400]

describeWith('baresip')('sound that goes past us', () => {
  const network = new LoopbackNetwork()
  let exchange: TestExchange
  let real: RealPhones

  beforeAll(async () => {
    exchange = await TestExchange.start({ address: network.next(), services: { transfer: 'transfer' } })
    real = phones.real({ exchange: `${exchange.address}:5060` })
  })

  afterAll(async () => {
    await real?.close()
    await exchange?.stop()
  })

  test('baresip and a caller hear each other without us; when baresip has hung up, the caller hears us', async () => {
    const address = network.next()
    // Its first words are the sound of somebody who is there; then it is time to part.
    const says = joined(babble(1.5, 7), silence(2), tone(620, 3), silence(1))
    const bob = await Baresip.start({ address, says })
    onTestFinished(() => bob.stop())
    const alice = real.phone(`alice${address.replaceAll('.', '-')}`, {}, { address: network.next() })
    const wish = { to: `sip:far@${address}`, isOnLoan: true, options: { mediaRelease: true } }
    expect(await alice.call('transfer', { headers: [['X-Wish', JSON.stringify(wish)]] })).toBe(200)
    await bob.untilEstablished()
    await alice.until('is told to send its sound to baresip', () => alice.mediaPeer?.address === address)
    await alice.hears.tone([620])
    expect(alice.mediaPeer?.address).toBe(address)
    // It hangs up when it has nothing more to say.
    await alice.hears.tone(BACK)
    expect(alice.mediaPeer?.address).toBe(exchange.address)
    await alice.untilEnded()
    const { details, found, states } = await exchange.report('transfer')
    expect(found).toMatchObject({ isThere: true, cause: 'NORMAL' })
    expect(states.slice(-4)).toEqual(['TRANSFERRED', 'RECONNECTING', 'ANSWERED', 'IDLE'])
    const { ANSWERING = 0, IDLE = 0 } = details?.times ?? {}
    await expect.poll(() => exchange.sizes(), { timeout: 8000 }).toMatchObject(NOTHING)
    const counters = await exchange.counters()
    expect(counters).toMatchObject({ mediaReleases: 1 })
    // Each has sent one in 20 ms, and most of them not to us.
    expect(counters.packetsReceived).toBeLessThan((0.5 * (IDLE - ANSWERING)) / 20)
  })
})

function tone(frequencyHz: number, seconds: number): Int16Array {
  return Int16Array.from({ length: seconds * 8000 }, (_, i) => 8000 * Math.sin((2 * Math.PI * frequencyHz * i) / 8000))
}

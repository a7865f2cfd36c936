import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { babble, joined, silence, writeWav } from './harness/audio.ts'
import { Baresip } from './harness/baresip.ts'
import { CertificateFolder } from './harness/certificates.ts'
import { correlate, SAME_SOUND } from './harness/correlate.ts'
import { TestExchange } from './harness/exchange.ts'
import { LoopbackNetwork } from './harness/loopback.ts'
import { describeWith } from './harness/programs.ts'

const OUR_WORDS = babble(3, 11)
const SAYS = joined(silence(0.5), babble(3, 22), silence(60))

// Sound is real time: a busy machine gets three attempts at a quiet moment.
describeWith('baresip')('baresip as a phone of a user', { retry: 2 }, () => {
  const network = new LoopbackNetwork()
  const certificates = new CertificateFolder()
  let exchange: TestExchange

  beforeAll(async () => {
    const address = network.next()
    exchange = await TestExchange.start({
      address,
      sip: {
        listen: [
          { transport: 'udp', address },
          { transport: 'tcp', address },
          { transport: 'tls', address, ...certificates.issue(address) },
        ],
        tls: { authority: certificates.authority },
      },
      users: [
        { username: 'udp', password: 'over-udp' },
        { username: 'tcp', password: 'over-tcp' },
        { username: 'tls', password: 'over-tls' },
      ],
      // baresip 1.0 stops at the first challenge that it does not know.
      authentication: { algorithms: ['MD5'] },
      services: { listen: { app: 'listen', parameters: { play: 'words.wav' } } },
    })
    writeWav(exchange.file('words.wav'), OUR_WORDS)
  })

  afterAll(async () => {
    await exchange?.stop()
    certificates.remove()
  })

  async function phone(
    transport: 'udp' | 'tcp' | 'tls',
    password = `over-${transport}`,
    answers = true,
  ): Promise<Baresip> {
    const registers = { at: exchange.address, transport, username: transport, password }
    const address = network.next()
    const tls = { ...certificates.issue(address), authority: certificates.authority }
    const far = await Baresip.start({ address, says: SAYS, answers, registers, ...(transport === 'tls' && { tls }) })
    onTestFinished(() => far.stop())
    return far
  }

  test.each(['udp', 'tcp', 'tls'] as const)('over %s it registers, is called, holds and resumes', async (transport) => {
    const far = await phone(transport)
    expect(await far.untilRegistered()).toContain('200 OK')
    const [there] = await exchange.phones()
    expect(there).toMatchObject({ user: transport, userAgent: expect.stringContaining('baresip') })
    expect(there?.source).toMatch(new RegExp(`^${transport} 127\\.`))

    const call = exchange.dial({ to: `user:${transport}`, play: 'words.wav' })
    await far.untilEstablished()
    await pause(3500)
    far.hold()
    await pause(1000)
    far.resume()
    await pause(1000)
    await far.press('5')
    far.hangUp()
    const ours = await call
    expect(ours).toMatchObject({
      cause: 'NORMAL',
      holds: ['hold', 'retrieve'],
      details: { endedBy: 'remote', endedIn: 'ANSWERED' },
      found: { digits: '5', played: 'NORMAL' },
    })
    await far.untilClosed()
    const heard = correlate(OUR_WORDS, far.heard())
    expect(heard.overlap).toBe(OUR_WORDS.length)
    expect(heard.correlation).toBeGreaterThan(SAME_SOUND)

    await far.stop()
    await expect.poll(() => exchange.phones(), { timeout: 5000 }).toEqual([])
  })

  test.each(['udp', 'tcp', 'tls'] as const)('over %s it calls a service with its password', async (transport) => {
    const far = await phone(transport, undefined, false)
    await far.untilRegistered()
    far.dial(`sip:listen@${exchange.address};transport=${transport}`)
    await far.untilEstablished()
    await pause(3500)
    far.hangUp()
    const ours = await exchange.report('listen')
    expect(ours).toMatchObject({ cause: 'NORMAL', details: { user: transport }, found: { played: 'NORMAL' } })
    await far.untilClosed()
    expect(correlate(OUR_WORDS, far.heard()).correlation).toBeGreaterThan(SAME_SOUND)
  })

  test('with a wrong password it is refused: it tries it again and again, and is locked out', async () => {
    const far = await phone('udp', 'guessed')
    expect(await far.untilRegistered()).toContain('403')
    expect(await exchange.phones()).toEqual([])
  })
})

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

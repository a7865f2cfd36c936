import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { babble, joined, readWav, silence, writeWav } from './harness/audio.ts'
import { Baresip } from './harness/baresip.ts'
import { CertificateFolder } from './harness/certificates.ts'
import { Child } from './harness/child.ts'
import { correlate, SAME_SOUND } from './harness/correlate.ts'
import { TestExchange } from './harness/exchange.ts'
import { LoopbackNetwork } from './harness/loopback.ts'
import { describeWith } from './harness/programs.ts'
import { waitFor } from './harness/wait.ts'

const OUR_WORDS = babble(2, 33)
const THEIR_WORDS = babble(2, 44)

describe('SIP over TLS', () => {
  const network = new LoopbackNetwork()
  const certificates = new CertificateFolder()
  let exchange: TestExchange

  beforeAll(async () => {
    const address = network.next()
    const listen = { transport: 'tls', address, ...certificates.issue(address) } as const
    exchange = await TestExchange.start({
      address,
      sip: { listen: [listen, { transport: 'udp', address }], tls: { authority: certificates.authority } },
      services: { listen: { app: 'listen', parameters: { play: 'words.wav', record: 'caller.wav' } } },
    })
    writeWav(exchange.file('words.wav'), OUR_WORDS)
  })

  afterAll(async () => {
    await exchange?.stop()
    certificates.remove()
  })

  function expectHeard(sent: Int16Array, heard: Int16Array): void {
    expect(correlate(sent, heard).correlation).toBeGreaterThan(SAME_SOUND)
  }

  describeWith('openssl')('with openssl', () => {
    /** What OpenSSL's client says of the connection, and what it is answered. */
    async function ask(options: readonly string[], request: string): Promise<string> {
      const { authority } = certificates
      const connect = ['-connect', `${exchange.address}:5061`, '-CAfile', authority, '-verify_return_error']
      const client = new Child('openssl', ['s_client', ...connect, ...options])
      onTestFinished(() => client.stop())
      client.write(request)
      await waitFor(
        'an answer, or the end',
        () => client.hasExited || /^SIP\/2\.0 \d+[\s\S]*\r?\n\r?\n/m.test(client.output),
      )
      return client.output
    }

    const optionsRequest = (address: string) =>
      [
        `OPTIONS sip:listen@${address} SIP/2.0`,
        `Via: SIP/2.0/TLS ${address}:9;rport;branch=z9hG4bKopenssl`,
        `From: <sip:openssl@${address}>;tag=1`,
        `To: <sip:listen@${address}>`,
        'Call-ID: openssl',
        'CSeq: 1 OPTIONS',
        'Max-Forwards: 70',
        'Content-Length: 0',
        '',
        '',
      ].join('\r\n')

    test.each(['-tls1_2', '-tls1_3'])('%s: the certificate is trusted and a request is answered', async (version) => {
      const { address } = exchange
      const said = await ask([version, '-quiet', '-verify_ip', address], optionsRequest(address))
      expect(said).toMatch(/^SIP\/2\.0 200 OK/m)
      expect(said).toMatch(
        new RegExp(`^Via: SIP/2\\.0/TLS ${address}:9;rport=\\d+;branch=z9hG4bKopenssl;received=`, 'm'),
      )
    })

    test('TLS 1.1 is not spoken', async () => {
      const said = await ask(['-tls1_1', '-cipher', 'ALL:@SECLEVEL=0'], '')
      expect(said).toMatch(/alert|no protocols available|wrong version/i)
      expect(said).not.toMatch(/SIP\/2\.0/)
    })
  })

  // Sound is real time: a busy machine gets three attempts at a quiet moment.
  describeWith('baresip')('with baresip', { retry: 2 }, () => {
    test('we call it: its certificate is checked, and sound goes both ways', async () => {
      const address = network.next()
      const says = joined(silence(0.5), THEIR_WORDS, silence(30))
      const tls = { ...certificates.issue(address), authority: certificates.authority }
      const far = await Baresip.start({ address, says, tls })
      onTestFinished(() => far.stop())
      const call = exchange.dial({ to: `sip:far@${address};transport=tls`, play: 'words.wav', record: 'callee.wav' })
      await far.untilEstablished()
      await new Promise((resolve) => setTimeout(resolve, 4000))
      far.hangUp()
      expect(await call).toMatchObject({
        cause: 'NORMAL',
        details: { endedBy: 'remote', endedIn: 'ANSWERED' },
        found: { played: 'NORMAL' },
      })
      await far.untilClosed()
      expectHeard(THEIR_WORDS, readWav(exchange.file('callee.wav')))
      expectHeard(OUR_WORDS, far.heard())
    })

    test('it calls us, and sound goes both ways', async () => {
      const address = network.next()
      const says = joined(silence(0.5), THEIR_WORDS, silence(30))
      const tls = { ...certificates.issue(address), authority: certificates.authority }
      const far = await Baresip.start({ address, says, answers: false, tls })
      onTestFinished(() => far.stop())
      far.dial(`sip:listen@${exchange.address};transport=tls`)
      await far.untilEstablished()
      await new Promise((resolve) => setTimeout(resolve, 4000))
      far.hangUp()
      const ours = await exchange.report('listen', ({ details }) => details?.from.includes(address) === true)
      expect(ours).toMatchObject({ cause: 'NORMAL', details: { endedBy: 'remote' }, found: { played: 'NORMAL' } })
      await far.untilClosed()
      expectHeard(OUR_WORDS, far.heard())
      expectHeard(THEIR_WORDS, readWav(exchange.file('caller.wav')))
    })

    test('we do not call one whose certificate is for another name', async () => {
      const address = network.next()
      const tls = { ...certificates.issue('somebody.example'), authority: certificates.authority }
      const far = await Baresip.start({ address, says: silence(30), tls })
      onTestFinished(() => far.stop())
      const { tlsHandshakesFailed: before = 0 } = await exchange.counters()
      const ours = await exchange.dial({ to: `sip:far@${address};transport=tls` })
      expect(ours).toMatchObject({ state: 'IDLE', details: { endedIn: 'CALL_OUTGOING' } })
      expect(ours.cause).not.toBe('NORMAL')
      expect(await exchange.counters()).toMatchObject({ tlsHandshakesFailed: before + 1 })
    })
  })
})

import { afterAll, beforeAll, expect, test } from 'vitest'
import { CertificateFolder } from './harness/certificates.ts'
import { TestExchange } from './harness/exchange.ts'
import { Kamailio } from './harness/kamailio.ts'
import { LoopbackNetwork } from './harness/loopback.ts'
import { describeWith } from './harness/programs.ts'
import { Sipp, type SippResult } from './harness/sipp.ts'

describeWith('kamailio', 'sipp')('behind Kamailio', () => {
  const network = new LoopbackNetwork()
  const certificates = new CertificateFolder()
  const proxy = network.next()
  let kamailio: Kamailio
  let first: TestExchange
  let second: TestExchange

  /** An exchange on UDP, TCP and mutual TLS, whose calls go out over the proxy. */
  function startExchange(address: string, outboundProxy: string): Promise<TestExchange> {
    const { certificate, key } = certificates.issue(address)
    const { authority } = certificates
    return TestExchange.start({
      address,
      sip: {
        listen: [
          { transport: 'udp', address },
          { transport: 'tcp', address },
          { transport: 'tls', address, certificate, key, clientAuthority: authority },
        ],
        tls: { authority },
        outboundProxy,
      },
      services: { answer: { app: 'answer', match: '*' } },
    })
  }

  beforeAll(async () => {
    first = await startExchange(network.next(), `sip:${proxy}:5061;transport=tls`)
    second = await startExchange(network.next(), `sip:${proxy}:5060`)
    kamailio = await Kamailio.start({
      address: proxy,
      exchanges: [`sip:${first.address}:5061;transport=tls`, `sip:${second.address}:5060`],
      certificate: certificates.issue(proxy),
      authority: certificates.authority,
    })
  })

  afterAll(async () => {
    await kamailio?.stop()
    await Promise.all([first?.stop(), second?.stop()])
    certificates.remove()
  })

  /** SIPp calls through the proxy and hangs up after a moment. */
  function callIn(): Promise<SippResult> {
    return Sipp.run({
      scenario: 'caller-through-proxy',
      values: { talkMs: 200 },
      address: network.next(),
      callee: `${proxy}:5060`,
    })
  }

  /** How many proxies and ends a request has passed. */
  const hopsOf = ({ messages }: SippResult, method: string) =>
    messages
      .filter(({ direction, start }) => direction === 'received' && start.startsWith(`${method} `))
      .map(({ text }) => text.match(/^Via:/gim)?.length)

  test('a call comes in: UDP to the proxy, TLS to us; ACK and BYE take the same way', async () => {
    const theirs = await callIn()
    expect(theirs).toMatchObject({ exitCode: 0, successful: 1, failed: 0, errors: '' })
    const ours = await first.report('answer')
    expect(ours).toMatchObject({ state: 'IDLE', cause: 'NORMAL', details: { endedBy: 'remote', endedIn: 'ANSWERED' } })
    const { tlsHandshakesFailed = 0, tcpConnectionsAccepted } = await first.counters()
    expect(tlsHandshakesFailed).toBe(0)
    expect(tcpConnectionsAccepted).toBeGreaterThanOrEqual(1)
  })

  test('a call goes out: TLS to the proxy, UDP from there, and our BYE takes the same way', async () => {
    const address = network.next()
    const sipp = await Sipp.start({ scenario: 'callee-record-routed', address })
    const ours = await first.dial({ to: `sip:far@${address}:5060`, talkMs: 300 })
    const theirs = await sipp.finished()
    expect(theirs).toMatchObject({ exitCode: 0, successful: 1, errors: '' })
    expect(ours).toMatchObject({ cause: 'NORMAL', details: { endedBy: 'local', endedIn: 'ANSWERED' } })
    for (const method of ['INVITE', 'ACK', 'BYE']) expect(hopsOf(theirs, method)).toEqual([2])
    expect(theirs.messages[0]?.text).toMatch(/^Via: SIP\/2\.0\/TLS /im)
    expect((await first.counters()).tlsHandshakesFailed ?? 0).toBe(0)
  })

  test('a request too long for UDP goes over TCP to the proxy, and what follows too, as its Record-Route says', async () => {
    const address = network.next()
    const sipp = await Sipp.start({ scenario: 'callee-record-routed', address })
    const ours = await second.dial({
      to: `sip:far@${address}:5060`,
      talkMs: 300,
      headers: { 'X-Story': 'long '.repeat(250).trim() },
    })
    const theirs = await sipp.finished()
    expect(theirs).toMatchObject({ exitCode: 0, successful: 1, errors: '' })
    expect(ours).toMatchObject({ cause: 'NORMAL', details: { endedIn: 'ANSWERED' } })
    const viasOf = (method: string) =>
      theirs.messages.find(({ start }) => start.startsWith(`${method} `))?.text.match(/^Via: SIP\/2\.0\/\w+/gim)
    expect(viasOf('INVITE')).toEqual(['Via: SIP/2.0/UDP', 'Via: SIP/2.0/TCP'])
    expect(viasOf('BYE')).toEqual(['Via: SIP/2.0/UDP', 'Via: SIP/2.0/TCP'])
    expect(await second.counters()).toMatchObject({ requestsOverTcp: 1 })
  })

  test('one of two exchanges is stopped: calls go to the other', async () => {
    await first.stop()
    for (let i = 0; i < 3; i++) {
      const theirs = await callIn()
      expect(theirs).toMatchObject({ exitCode: 0, successful: 1, failed: 0, errors: '' })
      expect(await second.report('answer')).toMatchObject({ cause: 'NORMAL', details: { endedBy: 'remote' } })
    }
  })
})

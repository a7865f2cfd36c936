import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect as connectTcp } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ConnectionOptions, connect, createServer, type TLSSocket, type TlsOptions } from 'node:tls'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type Logger, seededRandom, silentLogger } from '../../kit/index.ts'
import type { Peer } from '../../sip/index.ts'
import type { ListenSettings, TlsTrustSettings } from '../config/settings.ts'
import { Networks } from '../networks.ts'
import { type Issued, TestAuthority } from '../test/certificates.ts'
import { SipTransports } from './sip-transports.ts'

const OPTIONS = [
  'OPTIONS sip:a@127.0.0.1 SIP/2.0',
  'Via: SIP/2.0/TLS phone.example:5071;branch=z9hG4bK1;alias',
  'From: <sip:b@127.0.0.1>;tag=1',
  'To: <sip:a@127.0.0.1>',
  'Call-ID: 1',
  'CSeq: 1 OPTIONS',
  'Content-Length: 0',
  '',
  '',
].join('\r\n')
const bytes = new TextEncoder().encode(OPTIONS)

const authority = new TestAuthority()
const others = new TestAuthority('Another authority')
const closers: (() => unknown)[] = []
let folder: string

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'ringdown-tls-'))
})
afterEach(async () => {
  for (const close of closers.splice(0)) await close()
})
afterAll(() => rmSync(folder, { recursive: true }))

function file(name: string, content: string): string {
  const path = join(folder, name)
  writeFileSync(path, content)
  return path
}

function listenWith({ certificate, key }: Issued, clientAuthority?: string, address = '127.0.0.1'): ListenSettings {
  return {
    transport: 'tls',
    address,
    port: 0,
    certificate: file('cert.pem', certificate),
    key: file('key.pem', key),
    ...(clientAuthority !== undefined && { clientAuthority: file('clients.pem', clientAuthority) }),
  }
}

async function open(listen: ListenSettings, tls: Partial<TlsTrustSettings> = {}, logger: Logger = silentLogger) {
  const transports = new SipTransports(
    {
      listen: [listen],
      publicAddress: undefined,
      networks: new Networks([]),
      maxConnections: 10,
      maxConnectionsPerAddress: 10,
      connectionIdleMs: 60_000,
      tls: { files: { authority: file('authority.pem', authority.certificate) }, authorities: new Map(), ...tls },
    },
    { random: seededRandom(1), logger },
  )
  await transports.open()
  closers.push(() => transports.close())
  const messages: { readonly text: string; readonly from: Peer }[] = []
  const failures: string[] = []
  transports.start({
    onMessage: (received, from) => messages.push({ text: new TextDecoder().decode(received), from }),
    onSendFailed: (_to, reason) => failures.push(reason),
  })
  return { transports, messages, failures, port: transports.sockets[0]?.port as number }
}

async function until(done: () => boolean, timeout = 5_000): Promise<void> {
  await expect.poll(done, { interval: 5, timeout }).toBe(true)
}

async function phone(port: number, options: ConnectionOptions = {}): Promise<TLSSocket> {
  const socket = connect(port, '127.0.0.1', { ca: authority.certificate, ...options })
  closers.push(() => socket.destroy())
  await once(socket, 'secureConnect')
  return socket
}

/** A far end that speaks TLS. */
async function server(options: TlsOptions) {
  const heard: string[] = []
  const names: (string | undefined)[] = []
  const far = createServer(options, (socket) => {
    names.push(socket.getPeerCertificate()?.subject?.CN?.toString())
    socket.on('data', (data) => heard.push(String(data)))
    closers.push(() => socket.destroy())
  })
  far.on('tlsClientError', () => {})
  far.listen(0, '127.0.0.1')
  closers.push(() => far.close())
  await once(far, 'listening')
  const to: Peer = { transport: 'tls', address: '127.0.0.1', port: (far.address() as { port: number }).port }
  return { to, heard, names }
}

describe('TLS that others begin', () => {
  it('carries messages both ways, and says that it is TLS', async () => {
    const { transports, messages, port } = await open(listenWith(authority.issue('127.0.0.1')))
    const socket = await phone(port)
    expect(socket.getProtocol()).toBe('TLSv1.3')
    socket.write('\r\n\r\n')
    expect(String((await once(socket, 'data'))[0])).toBe('\r\n')
    socket.write(OPTIONS)
    await until(() => messages.length === 1)
    expect(messages[0]).toEqual({
      text: OPTIONS,
      from: { transport: 'tls', address: '127.0.0.1', port: socket.localPort, connection: expect.any(Number) },
    })
    transports.send(bytes, messages[0]?.from as Peer)
    expect(String((await once(socket, 'data'))[0])).toBe(OPTIONS)
    expect(transports.connections).toBe(1)
    expect(transports.localAddress({ transport: 'tls', address: '127.0.0.1', port: 5061 })).toEqual({
      host: '127.0.0.1',
      port,
    })
  })

  it('is not spoken in versions before 1.2', async () => {
    const { transports, port } = await open(listenWith(authority.issue('127.0.0.1')))
    await expect(phone(port, { minVersion: 'TLSv1', maxVersion: 'TLSv1.1' })).rejects.toThrow()
    await until(() => transports.counters.get('tlsHandshakesFailed') === 1)
    await until(() => transports.connections === 0)
    const modest = await phone(port, { maxVersion: 'TLSv1.2' })
    expect(modest.getProtocol()).toBe('TLSv1.2')
  })

  it('has to be TLS', async () => {
    const { transports, port, messages } = await open(listenWith(authority.issue('127.0.0.1')))
    const socket = connectTcp(port, '127.0.0.1')
    closers.push(() => socket.destroy())
    socket.on('error', () => {})
    socket.write(OPTIONS)
    await once(socket, 'close')
    expect(transports.counters.get('tlsHandshakesFailed')).toBe(1)
    expect(transports.connections).toBe(0)
    expect(messages).toEqual([])
  })

  it('lets only those in who have a certificate, where one is asked for, and may call them back on it', async () => {
    const { transports, messages, port } = await open(listenWith(authority.issue('127.0.0.1'), others.certificate))
    const { certificate: cert, key } = others.issue('phone.example')
    const known = await phone(port, { cert, key })
    known.write(OPTIONS)
    await until(() => messages.length === 1)
    transports.send(bytes, { transport: 'tls', address: '127.0.0.1', port: 5071, name: 'phone.example' })
    expect(String((await once(known, 'data'))[0])).toBe(OPTIONS)
    expect(transports.counters.get('tlsAliases')).toBe(1)

    const wrong = authority.issue('phone.example')
    for (const options of [{}, { cert: wrong.certificate, key: wrong.key }]) {
      const stranger = connect(port, '127.0.0.1', { ca: authority.certificate, ...options })
      stranger.on('error', () => {})
      stranger.write(OPTIONS)
      await new Promise((resolve) => stranger.once('close', resolve))
    }
    expect(transports.counters.get('tlsHandshakesFailed')).toBe(2)
    expect(messages).toHaveLength(1)
    await until(() => transports.connections === 1)
  })

  it('takes a new certificate when its files change; what stands keeps the old one; a broken file changes nothing', async () => {
    const log: string[] = []
    const note = (fields: object, message: string) => log.push(`${message} ${JSON.stringify(fields)}`)
    const logger: Logger = { ...silentLogger, info: note, error: note }
    const { messages, port } = await open(listenWith(authority.issue('127.0.0.1', 'old.example')), {}, logger)
    const old = await phone(port)
    const nameOf = (socket: TLSSocket) => socket.getPeerCertificate().subjectaltname
    expect(nameOf(old)).toMatch(/old\.example/)

    const renewed = authority.issue('127.0.0.1', 'new.example')
    file('cert.pem', 'no certificate')
    await until(() => log.length === 1, 10_000)
    expect(log[0]).toMatch(/what was read before stays.*cert\.pem holds no certificate in PEM that is of use/)
    expect(nameOf(await phone(port))).toMatch(/old\.example/)

    file('cert.pem', renewed.certificate)
    file('key.pem', renewed.key)
    await until(() => log.some((line) => line.includes('read again')), 10_000)
    expect(nameOf(await phone(port))).toMatch(/new\.example/)
    old.write(OPTIONS)
    await until(() => messages.length === 1)
  }, 30_000)
})

describe('TLS that we begin', () => {
  const ours = () => listenWith(authority.issue('127.0.0.1'))

  it('sends to whom it trusts, by address or by name', async () => {
    const { certificate: cert, key } = authority.issue('127.0.0.1', 'trunk.example')
    const far = await server({ cert, key })
    const { transports, failures } = await open(ours())
    transports.send(bytes, far.to)
    await until(() => far.heard.join('') === OPTIONS)
    transports.send(bytes, { ...far.to, name: 'trunk.example' })
    await until(() => far.heard.join('') === OPTIONS + OPTIONS)
    expect(failures).toEqual([])
    expect(transports.connections).toBe(2)
  })

  it('sends nothing to a certificate for another name, or one of a stranger', async () => {
    const named = authority.issue('trunk.example')
    const strange = others.issue('127.0.0.1')
    const { transports, failures } = await open(ours())
    for (const { certificate: cert, key } of [named, strange]) {
      const far = await server({ cert, key })
      transports.send(bytes, far.to)
      const count = failures.length
      await until(() => failures.length === count + 1)
      expect(far.heard).toEqual([])
    }
    expect(failures[0]).toMatch(/127\.0\.0\.1/)
    expect(failures[1]).toMatch(/certificate/)
    expect(transports.counters.get('tlsHandshakesFailed')).toBe(2)
  })

  it('goes by the SIP names of a certificate where it has any (RFC 5922 section 7.2)', async () => {
    const { certificate: cert, key } = authority.issue('sip:trunk.example', 'host.example')
    const far = await server({ cert, key })
    const { transports, failures } = await open(ours())
    transports.send(bytes, { ...far.to, name: 'Trunk.example' })
    await until(() => far.heard.length === 1)
    transports.send(bytes, { ...far.to, name: 'host.example' })
    await until(() => failures.length === 1)
    expect(failures[0]).toMatch(/the certificate is for trunk\.example and not for host\.example/)
  })

  it('believes another authority for the trunk that says so, and shows our certificate to whoever asks', async () => {
    const { certificate: cert, key } = others.issue('trunk.example')
    const far = await server({ cert, key, requestCert: true, rejectUnauthorized: true, ca: authority.certificate })
    const shown = authority.issue('exchange.example')
    const files = { certificate: file('ours.pem', shown.certificate), key: file('ours-key.pem', shown.key) }
    const { transports } = await open(ours(), {
      files,
      authorities: new Map([['trunk.example', file('others.pem', others.certificate)]]),
    })
    transports.send(bytes, { ...far.to, name: 'trunk.example' })
    await until(() => far.heard.length === 1)
    expect(far.names).toEqual(['exchange.example'])
  })

  it('speaks IPv6, to a certificate for that address', async () => {
    const there = await open(listenWith(authority.issue('::1'), undefined, '::1'))
    const here = await open(listenWith(authority.issue('::1'), undefined, '::1'))
    here.transports.send(bytes, { transport: 'tls', address: '::1', port: there.port })
    await until(() => there.messages.length === 1)
    expect(there.messages[0]?.from).toMatchObject({ transport: 'tls', address: '::1' })
    expect(here.failures).toEqual([])
  })
})

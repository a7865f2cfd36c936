import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { seededRandom, silentLogger } from '../../kit/index.ts'
import type { Peer } from '../../sip/index.ts'
import type { ListenSettings, PlainListenSettings } from '../config/settings.ts'
import { Networks } from '../networks.ts'
import { SipTransports } from './sip-transports.ts'

const OPTIONS = [
  'OPTIONS sip:a@127.0.0.1 SIP/2.0',
  'Via: SIP/2.0/TCP 127.0.0.1:9;branch=z9hG4bK1',
  'From: <sip:b@127.0.0.1>;tag=1',
  'To: <sip:a@127.0.0.1>',
  'Call-ID: 1',
  'CSeq: 1 OPTIONS',
  'Content-Length: 0',
  '',
  '',
].join('\r\n')
const bytes = new TextEncoder().encode(OPTIONS)
const text = (data: Uint8Array) => new TextDecoder().decode(data)

const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0)) await close()
})

interface Heard {
  readonly messages: { readonly text: string; readonly from: Peer }[]
  readonly failures: { readonly to: Peer; readonly reason: string }[]
}

async function open(
  listen: ListenSettings[],
  limits: Partial<{ maxConnections: number; maxConnectionsPerAddress: number; connectionIdleMs: number }> = {},
): Promise<{ transports: SipTransports; heard: Heard }> {
  const transports = new SipTransports(
    {
      listen,
      publicAddress: undefined,
      networks: new Networks([]),
      maxConnections: 10,
      maxConnectionsPerAddress: 10,
      connectionIdleMs: 60_000,
      ...limits,
    },
    { random: seededRandom(1), logger: silentLogger },
  )
  const heard: Heard = { messages: [], failures: [] }
  await transports.open()
  closers.push(() => transports.close())
  transports.start({
    onMessage: (received, from) => heard.messages.push({ text: text(received), from }),
    onSendFailed: (to, reason) => heard.failures.push({ to, reason }),
  })
  return { transports, heard }
}

const udp = (address = '127.0.0.1'): PlainListenSettings => ({ transport: 'udp', address, port: 0 })
const tcp = (address = '127.0.0.1'): PlainListenSettings => ({ transport: 'tcp', address, port: 0 })

async function until(done: () => boolean): Promise<void> {
  await expect.poll(done, { interval: 2, timeout: 5_000 }).toBe(true)
}

describe('over UDP', () => {
  it('hears datagrams and answers from the port that heard them', async () => {
    const { transports, heard } = await open([udp()])
    const phone = createSocket('udp4')
    closers.push(() => phone.close())
    phone.bind(0, '127.0.0.1')
    await once(phone, 'listening')
    phone.send(bytes, transports.sockets[0]?.port ?? 0, '127.0.0.1')
    await until(() => heard.messages.length === 1)
    expect(heard.messages[0]).toEqual({
      text: OPTIONS,
      from: { transport: 'udp', address: '127.0.0.1', port: phone.address().port },
    })
    const answered = once(phone, 'message')
    transports.send(bytes, heard.messages[0]?.from as Peer)
    const [, source] = await answered
    expect(source.port).toBe(transports.sockets[0]?.port)
    expect(transports.counters.snapshot()).toMatchObject({ messagesReceived: 1, messagesSent: 1 })
  })

  it('answers from that one of several sockets, and reaches others from the one that faces them', async () => {
    const { transports, heard } = await open([udp('127.0.10.1'), udp('127.0.20.1')])
    const phone = createSocket('udp4')
    closers.push(() => phone.close())
    phone.bind(0, '127.0.20.9')
    await once(phone, 'listening')
    const to: Peer = { transport: 'udp', address: '127.0.20.9', port: phone.address().port }
    const [first, second] = transports.sockets
    expect(transports.localAddress(to)).toEqual({ host: '127.0.20.1', port: second?.port })
    phone.send(bytes, first?.port ?? 0, '127.0.10.1')
    await until(() => heard.messages.length === 1)
    expect(transports.localAddress(to)).toEqual({ host: '127.0.10.1', port: first?.port })
  })

  it('reports what cannot be sent: a name that nobody has looked up, a family and a transport that it does not have', async () => {
    const { transports, heard } = await open([udp()])
    const targets: Peer[] = [
      { transport: 'udp', address: 'no-such-name.invalid', port: 5060 },
      { transport: 'udp', address: '::1', port: 5060 },
    ]
    for (const target of targets) transports.send(bytes, target)
    await until(() => heard.failures.length === 2)
    expect(heard.failures.find(({ to }) => to === targets[0])?.reason).toMatch(/is no IP address/)
    expect(heard.failures.find(({ to }) => to === targets[1])?.reason).toMatch(/no UDP socket of ours can reach ::1/)
  })

  it.each([udp, tcp])(
    'reports port 0, which a stranger may write into a Via or a Contact, and lives on',
    async (listen) => {
      const { transports, heard } = await open([listen()])
      const target: Peer = { transport: listen().transport, address: '127.0.0.1', port: 0 }
      transports.send(bytes, target)
      expect(heard.failures).toEqual([])
      await until(() => heard.failures.length === 1)
      expect(heard.failures[0]?.to).toEqual(target)
    },
  )

  it('names the address that it cannot have, and gives back the others', async () => {
    const { transports } = await open([udp()])
    const port = transports.sockets[0]?.port ?? 0
    const second = new SipTransports(
      {
        listen: [tcp(), { ...udp(), port }],
        publicAddress: undefined,
        networks: new Networks([]),
        maxConnections: 1,
        maxConnectionsPerAddress: 1,
        connectionIdleMs: 1_000,
      },
      { random: seededRandom(1), logger: silentLogger },
    )
    await expect(second.open()).rejects.toMatchObject({
      code: 'RINGDOWN_TRANSPORT',
      message: expect.stringContaining(`cannot listen on udp 127.0.0.1 port ${port}`),
    })
  })
})

describe('over TCP', () => {
  async function phoneOn(transports: SipTransports): Promise<Socket> {
    const phone = connect(transports.sockets[0]?.port ?? 0, '127.0.0.1')
    closers.push(() => phone.destroy())
    await once(phone, 'connect')
    return phone
  }

  it('cuts the stream into messages, answers pings, and answers on the connection', async () => {
    const { transports, heard } = await open([tcp()])
    const phone = await phoneOn(transports)
    const chunks: string[] = []
    phone.on('data', (data) => chunks.push(text(data)))
    phone.write('\r\n\r\n')
    await until(() => chunks.join('') === '\r\n')
    phone.write(OPTIONS + OPTIONS.slice(0, 50))
    await until(() => heard.messages.length === 1)
    phone.write(OPTIONS.slice(50))
    await until(() => heard.messages.length === 2)
    const from = heard.messages[1]?.from as Peer
    expect(from).toMatchObject({ transport: 'tcp', address: '127.0.0.1', port: phone.localPort })
    transports.send(bytes, from)
    await until(() => chunks.join('') === `\r\n${OPTIONS}`)
  })

  it('answers what is no SIP where that can be done, and closes', async () => {
    const { transports, heard } = await open([tcp()])
    const phone = await phoneOn(transports)
    const chunks: string[] = []
    phone.on('data', (data) => chunks.push(text(data)))
    phone.write(OPTIONS.replace('Content-Length: 0', 'Content-Length: many'))
    await once(phone, 'close')
    expect(chunks.join('')).toMatch(/^SIP\/2\.0 400 /)
    expect(heard.messages).toEqual([])
    expect(transports.connections).toBe(0)
  })

  it('connects when there is something to send, once for several messages, and keeps the connection', async () => {
    const { transports, heard } = await open([tcp('127.0.10.1')])
    const arrived: string[] = []
    const sources: (string | undefined)[] = []
    const far = createServer((socket) => {
      sources.push(socket.remoteAddress)
      socket.on('data', (data) => arrived.push(text(data)))
      socket.once('data', () => socket.write(bytes))
    }).listen(0, '127.0.0.1')
    closers.push(() => far.close())
    await once(far, 'listening')
    const to: Peer = { transport: 'tcp', address: '127.0.0.1', port: (far.address() as { port: number }).port }
    transports.send(bytes, to)
    transports.send(bytes, to)
    await until(() => arrived.join('') === OPTIONS + OPTIONS && heard.messages.length === 1)
    expect(sources).toEqual(['127.0.10.1'])
    expect(heard.messages[0]?.from).toMatchObject({ ...to, connection: expect.any(Number) })
    transports.send(bytes, heard.messages[0]?.from as Peer)
    await until(() => arrived.join('') === OPTIONS.repeat(3))
    expect(transports.connections).toBe(1)
  })

  it('makes a new connection when the one that a message names is gone', async () => {
    const { transports, heard } = await open([tcp()])
    const arrived: string[] = []
    const far = createServer((socket) => socket.on('data', (data) => arrived.push(text(data)))).listen(0, '127.0.0.1')
    closers.push(() => far.close())
    await once(far, 'listening')
    const phone = await phoneOn(transports)
    phone.write(OPTIONS)
    await until(() => heard.messages.length === 1)
    phone.destroy()
    await until(() => transports.connections === 0)
    const { port } = far.address() as { port: number }
    transports.send(bytes, { ...(heard.messages[0]?.from as Peer), port })
    await until(() => arrived.join('') === OPTIONS)
  })

  it('reports every peer that a refused or broken connection was for', async () => {
    const { transports, heard } = await open([tcp()])
    const closed = createServer().listen(0, '127.0.0.1')
    await once(closed, 'listening')
    const { port } = closed.address() as { port: number }
    await new Promise((resolve) => closed.close(resolve))
    const to: Peer = { transport: 'tcp', address: '127.0.0.1', port }
    const named: Peer = { ...to, connection: 99 }
    transports.send(bytes, to)
    transports.send(bytes, named)
    await until(() => heard.failures.length === 2)
    expect(heard.failures.map((failure) => failure.to)).toEqual([to, named])
    expect(heard.failures[0]?.reason).toMatch(/ECONNREFUSED/)
    expect(transports.connections).toBe(0)
  })

  it('holds its limits: connections of one address, and time without a word', async () => {
    const { transports } = await open([tcp()], { maxConnectionsPerAddress: 1, connectionIdleMs: 40 })
    const first = await phoneOn(transports)
    const second = await phoneOn(transports)
    await once(second, 'close')
    expect(transports.counters.get('tcpConnectionsRefused')).toBe(1)
    await once(first, 'end')
    await until(() => transports.connections === 0)
  })
})

describe('over IPv6', () => {
  it.each([udp, tcp])('two of us speak on ::1, beside listeners of IPv4', async (listen) => {
    const here = await open([listen('::1'), listen()])
    const there = await open([listen('::1')])
    const { transport, port = 0 } = there.transports.sockets[0] ?? listen()
    const to: Peer = { transport, address: '::1', port }
    expect(here.transports.localAddress(to)).toEqual({ host: '::1', port: here.transports.sockets[0]?.port })
    here.transports.send(bytes, to)
    await until(() => there.heard.messages.length === 1)
    const from = there.heard.messages[0]?.from as Peer
    expect(from.address).toBe('::1')
    there.transports.send(bytes, from)
    await until(() => here.heard.messages.length === 1)
    expect(here.heard.messages[0]).toMatchObject({ text: OPTIONS, from: { transport, address: '::1' } })
    expect([...here.heard.failures, ...there.heard.failures]).toEqual([])
  })
})

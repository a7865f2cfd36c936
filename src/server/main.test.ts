import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type CallDetails, type InstanceRecord, inbound, outbound } from '../calls/index.ts'
import { ConfigError, type Logger, silentLogger } from '../kit/index.ts'
import { parseWav } from '../media/index.ts'
import type { RingdownConfig } from './config/config.ts'
import { type RunningServer, startServer } from './main.ts'
import { inProcessMedia } from './test/in-process-media.ts'

let folder: string
const servers: RunningServer[] = []
const errors: string[] = []

const logger: Logger = {
  ...silentLogger,
  error: (_fields, message) => void errors.push(message),
  child: () => logger,
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ringdown-server-'))
  errors.length = 0
})
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close({ graceMs: 0 })))
  rmSync(folder, { recursive: true })
})

/** A server on any free port of 127.0.0.1. */
async function start(config: RingdownConfig = {}, transport: 'udp' | 'tcp' = 'udp'): Promise<RunningServer> {
  const server = await startServer(
    {
      sip: { listen: [{ transport, address: '127.0.0.1', port: 0 }] },
      media: { portRange: [40_000, 41_999] },
      ...config,
    },
    { directory: folder, logger, media: inProcessMedia },
  )
  servers.push(server)
  return server
}

function addressOf(server: RunningServer, user: string): string {
  const socket = server.sockets[0]
  return `sip:${user}@127.0.0.1:${socket?.port};transport=${socket?.transport}`
}

/** Places one call and says how it went. */
async function call(from: RunningServer, to: string, talkMs = 0): Promise<CallDetails> {
  let details: CallDetails | undefined
  const record = await from.startOutbound(
    outbound(async (channel) => {
      await channel.call(to, { timeoutMs: 5_000 })
      if (talkMs > 0) await channel.waitForIdle({ timeoutMs: talkMs })
      await channel.hangUp()
      details = channel.details
    }),
  )
  if (details === undefined) throw new Error(`the application ended with ${record.returnCode}: ${record.error}`)
  return details
}

const answer = inbound(async (channel) => {
  await channel.answer()
  await channel.waitForIdle()
})

describe.each(['udp', 'tcp'] as const)('two servers over %s', (transport) => {
  it('call each other, talk, and are empty afterwards', async () => {
    const callee = await start({ services: [{ name: 'answer', app: answer }] }, transport)
    const caller = await start({}, transport)
    const details = await call(caller, addressOf(callee, 'answer'), 50)
    expect(details).toMatchObject({ cause: 'NORMAL', endedBy: 'local', endedIn: 'ANSWERED', codec: 'PCMU' })
    await expect.poll(() => callee.sizes().calls).toBe(0)
    for (const server of [caller, callee]) {
      const { calls, instances, sessions, mediaLegs } = server.sizes()
      expect({ calls, instances, sessions, mediaLegs }).toEqual({ calls: 0, instances: 0, sessions: 0, mediaLegs: 0 })
    }
    expect(errors).toEqual([])
  })

  it('tell why a call was not answered', async () => {
    const busy = inbound(async (channel) => {
      await channel.reject('BUSY')
    })
    const callee = await start({ services: [{ name: 'busy', app: busy }] }, transport)
    const caller = await start({}, transport)
    expect(await call(caller, addressOf(callee, 'busy'))).toMatchObject({ cause: 'BUSY', rawCause: 486 })
    expect(await call(caller, addressOf(callee, 'nobody'))).toMatchObject({ cause: 'UNOBTAINABLE', rawCause: 404 })
    expect(callee.counters().callsWithoutService).toBe(1)
  })
})

describe('a server', () => {
  it('plays, records and hears keys', async () => {
    writeFileSync(
      join(folder, 'tone.ul'),
      Uint8Array.from({ length: 4_000 }, (_, n) => (n % 16 < 8 ? 0x90 : 0x10)),
    )
    let heard = ''
    const listen = inbound(async (channel) => {
      await channel.answer()
      channel.fileRecorder.start('heard.wav')
      heard = await channel.dtmfDetector.getDigits({ end: '#' })
      await channel.waitForIdle()
      await channel.fileRecorder.waitUntilFinished()
    })
    const callee = await start({ services: [{ name: 'listen', app: listen }], files: { directory: '.' } })
    const caller = await start({ files: { directory: '.' } })
    const record = await caller.startOutbound(
      outbound(async (channel) => {
        await channel.call(addressOf(callee, 'listen'))
        await channel.filePlayer.play('tone.ul')
        await channel.dtmfPlayer.play('42#')
        await channel.hangUp()
      }),
    )
    expect(record.returnCode).toBe(0)
    await expect.poll(() => callee.sizes().instances).toBe(0)
    expect(heard).toBe('42')
    const recorded = parseWav(readFileSync(join(folder, 'heard.wav')))
    expect(recorded.ok && recorded.value.data.length).toBeGreaterThan(8_000)
  })

  it('calls its own services, by name and by number, without a password, and at its own address whatever others are told', async () => {
    const speak = inbound(async (channel) => {
      await channel.answer()
      channel.tonePlayer.start('DIAL', { loop: true })
      await channel.waitForIdle()
    })
    const server = await start({
      services: [{ name: 'speak', match: '1000', app: speak }],
      routes: [{ prefix: '2', service: 'speak' }],
      users: [{ username: 'alice', password: 'wonder' }],
      media: { portRange: [40_000, 41_999], publicAddress: '203.0.113.1', srtp: 'required' },
    })
    let packets = 0
    const listen = outbound(async (channel) => {
      for (const to of ['service:speak', '2001']) {
        expect(await channel.call(to)).toBe('ANSWERED')
        await channel.fileRecorder.record('heard.wav', { timeoutMs: 300 })
        await channel.hangUp()
        await expect.poll(() => channel.details?.media).toBeDefined()
        packets += channel.details?.media?.packetsReceived ?? 0
      }
      expect(await channel.call('service:1000')).toBe('IDLE')
      expect(channel.cause()).toBe('UNOBTAINABLE')
    })
    const record = await server.startOutbound(listen)
    expect(record.error).toBeUndefined()
    expect(packets).toBeGreaterThan(10)
    await expect.poll(() => server.sizes().calls).toBe(0)
    expect(server.counters().messagesSent).toBeUndefined()
    expect(errors).toEqual([])
  })

  it('asks strangers for a password, and lets users and the addresses of trunks in', async () => {
    const services = [{ name: '100', app: answer }]
    const guarded = await start({ services, users: [{ username: 'alice', password: 'wonder' }] })
    const { port } = guarded.sockets[0] as { port: number }
    const trunkTo = (password: string): RingdownConfig => ({
      trunks: [{ name: 'home', uri: `sip:127.0.0.1:${port}`, username: 'alice', password }],
    })
    expect(await call(await start(), addressOf(guarded, '100'))).toMatchObject({ rawCause: 401 })
    expect(await call(await start(trunkTo('wrong')), '100')).toMatchObject({ rawCause: 401 })
    expect(await call(await start(trunkTo('wonder')), '100')).toMatchObject({ cause: 'NORMAL', endedIn: 'ANSWERED' })
    expect(guarded.counters().failedAuthentications).toBe(1)

    const trusting = await start({
      services,
      trunks: [{ name: 'home', uri: 'sip:127.0.0.1:9', inbound: { addresses: ['127.0.0.1'] } }],
    })
    expect(await call(await start(), addressOf(trusting, '100'))).toMatchObject({ endedIn: 'ANSWERED' })
  })

  it('holds calls from a trunk to its policy on SRTP, known by its name or by its address', async () => {
    const callee = await start({
      services: [{ name: '100', app: answer }],
      users: [{ username: 'alice', password: 'wonder' }],
      trunks: [
        {
          name: 'secure',
          uri: 'sip:127.0.0.1:9',
          srtp: 'required',
          inbound: { username: 'carrier', password: 'secret' },
        },
      ],
    })
    const { port } = callee.sockets[0] as { port: number }
    const as = (username: string, password: string, srtp: 'forbidden' | 'required'): RingdownConfig => ({
      trunks: [{ name: 'out', uri: `sip:127.0.0.1:${port}`, username, password, srtp }],
    })
    expect(await call(await start(as('carrier', 'secret', 'forbidden')), '100')).toMatchObject({ rawCause: 488 })
    expect(await call(await start(as('carrier', 'secret', 'required')), '100')).toMatchObject({
      cause: 'NORMAL',
      endedIn: 'ANSWERED',
    })
    expect(await call(await start(as('alice', 'wonder', 'forbidden')), '100')).toMatchObject({
      cause: 'NORMAL',
      endedIn: 'ANSWERED',
    })

    const byAddress = await start({
      services: [{ name: '100', app: answer }],
      trunks: [{ name: 'secure', uri: 'sip:127.0.0.1:9', srtp: 'required', inbound: { addresses: ['127.0.0.1'] } }],
    })
    expect(await call(await start(), addressOf(byAddress, '100'))).toMatchObject({ rawCause: 488 })
  })

  it('calls from its public address when it has one', async () => {
    let caller = ''
    const look = inbound(async (channel) => {
      caller = channel.details?.from ?? ''
      await channel.reject()
    })
    const callee = await start({ services: [{ name: 'look', app: look }] })
    const server = await start({
      sip: { listen: [{ transport: 'udp', address: '127.0.0.1', port: 0 }], publicAddress: '127.0.0.2' },
    })
    expect(await call(server, addressOf(callee, 'look'))).toMatchObject({ cause: 'REJECTED' })
    expect(caller).toBe('sip:ringdown@127.0.0.2')
  })

  it('says why it does not start when a STUN server does not tell our address', async () => {
    const dead = startServer({ sip: { publicAddress: 'stun:no-such-name.invalid' } }, { directory: folder })
    await expect(dead).rejects.toMatchObject({ code: 'RINGDOWN_TRANSPORT' })
  })

  it('tells far ends of a network the addresses that are for them', async () => {
    let from = ''
    const look = inbound(async (channel) => {
      from = channel.sip.requestHeader('contact') ?? ''
      await channel.reject()
    })
    const callee = await start({ services: [{ name: 'look', app: look }] })
    const networks = [{ ranges: ['127.0.0.0/8'], address: '127.0.0.3', mediaAddress: '127.0.0.4' }]
    const server = await start({
      sip: { listen: [{ transport: 'udp', address: '127.0.0.1', port: 0 }], publicAddress: '203.0.113.1' },
      networks,
    })
    expect(await call(server, addressOf(callee, 'look'))).toMatchObject({ cause: 'REJECTED' })
    expect(from).toMatch(/^<sip:ringdown@127\.0\.0\.3:\d+>$/)
  })

  it('starts outbound applications from files, and says when there is none', async () => {
    const server = await start()
    writeFileSync(
      join(folder, 'dial.ts'),
      "import { outbound } from 'ringdown'\nexport const dial = outbound(async () => 7)",
    )
    writeFileSync(join(folder, 'in.ts'), "import { inbound } from 'ringdown'\nexport default inbound(async () => 7)")
    const record: InstanceRecord = await server.startOutbound('./dial.ts#dial', { name: 'campaign' })
    expect(record).toMatchObject({ service: 'campaign', direction: 'outbound', returnCode: 7 })
    expect(await server.startOutbound('./in.ts')).toMatchObject({ returnCode: -6 })
    await expect(server.startOutbound('./dial.ts')).rejects.toMatchObject({ code: 'RINGDOWN_APP' })
    await expect(server.startOutbound('./gone.ts')).rejects.toMatchObject({ code: 'RINGDOWN_APP' })
  })

  it('ends only the calls of an application that throws', async () => {
    const broken = inbound(async (channel) => {
      await channel.answer()
      throw new Error('oh dear')
    })
    const callee = await start({
      services: [
        { name: 'broken', app: broken },
        { name: 'answer', app: answer },
      ],
    })
    const caller = await start()
    const [stands, broke] = await Promise.all([
      call(caller, addressOf(callee, 'answer'), 400),
      call(caller, addressOf(callee, 'broken'), 5_000),
    ])
    expect(broke).toMatchObject({ endedBy: 'remote' })
    expect(stands).toMatchObject({ endedBy: 'local', cause: 'NORMAL' })
    expect(errors).toEqual([expect.stringContaining('oh dear')])
  })

  it('takes no more calls than a service may have', async () => {
    const callee = await start({ services: [{ name: 'one', app: answer, limits: { maxCalls: 1 } }] })
    const caller = await start()
    const first = call(caller, addressOf(callee, 'one'), 300)
    await expect.poll(() => callee.sizes().calls).toBe(1)
    expect(await call(caller, addressOf(callee, 'one'))).toMatchObject({ cause: 'NOCHANNELS', rawCause: 503 })
    await first
    await expect.poll(() => callee.sizes().instances).toBe(0)
    expect(await call(caller, addressOf(callee, 'one'))).toMatchObject({ endedIn: 'ANSWERED' })
  })

  it('closes when its calls have ended, taking no new ones meanwhile', async () => {
    const callee = await start({ services: [{ name: 'answer', app: answer }] })
    const caller = await start()
    const talking = call(caller, addressOf(callee, 'answer'), 300)
    await expect.poll(() => callee.sizes().calls).toBe(1)
    const closing = callee.close({ graceMs: 10_000 })
    expect(await call(caller, addressOf(callee, 'answer'))).toMatchObject({ rawCause: 503 })
    expect(await talking).toMatchObject({ endedBy: 'local', endedIn: 'ANSWERED' })
    await closing
  })

  it('hangs up what is left when the grace is over, and can be hurried', async () => {
    const callee = await start({ services: [{ name: 'answer', app: answer }] })
    const caller = await start()
    const talking = call(caller, addressOf(callee, 'answer'), 20_000)
    await expect.poll(() => callee.sizes().calls).toBe(1)
    const closing = callee.close({ graceMs: 20_000 })
    void callee.close({ graceMs: 0 })
    expect(await talking).toMatchObject({ endedBy: 'remote' })
    await closing
  })

  it('refuses a wrong configuration before anything is bound', async () => {
    await expect(start({ services: [{ name: 'a', app: './gone.ts' }] })).rejects.toThrow(ConfigError)
  })

  it('gives everything back when an address is taken', async () => {
    const first = await start()
    const { port } = first.sockets[0] as { port: number }
    const config = { sip: { listen: [{ transport: 'udp', address: '127.0.0.1', port }] } } as const
    await expect(start(config)).rejects.toMatchObject({ code: 'RINGDOWN_TRANSPORT' })
  })
})

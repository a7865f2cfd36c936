import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { EAGAIN } from '../media/linux-sockets.ts'
import { DirectUdp } from './direct-udp.ts'
import { UdpSocket } from './udp-socket.ts'

const linux = process.platform === 'linux'

describe.runIf(linux)('UdpSocket under load', () => {
  let far: Socket
  let ours: UdpSocket
  const heard: string[] = []
  const failed: string[] = []
  beforeEach(async () => {
    heard.length = 0
    failed.length = 0
    far = createSocket('udp4')
    far.bind(0, '127.0.0.1')
    await once(far, 'listening')
    ours = await UdpSocket.bind(
      { transport: 'udp', address: '127.0.0.1', port: 0 },
      {
        onMessage: (bytes) => heard.push(new TextDecoder().decode(bytes)),
        onSendFailed: (_to, reason) => failed.push(reason),
      },
    )
  })
  afterEach(async () => {
    far.close()
    await ours.close()
  })

  /** Sends numbers until the socket polls. */
  async function makeBusy(): Promise<number> {
    let sent = 0
    for (let i = 0; i < 300 && !ours.isPolling; i++) {
      for (let k = 0; k < 10; k++) far.send(String(sent++), ours.port, '127.0.0.1')
      await sleep(10)
    }
    return sent
  }

  it('looks on a grid while it is busy and waits again when it is quiet; nothing is lost or changes its order', async () => {
    let sent = await makeBusy()
    expect(ours.isPolling).toBe(true)
    for (; sent < 5000; sent++) {
      far.send(String(sent), ours.port, '127.0.0.1')
      if (sent % 50 === 0) await sleep(5)
    }
    for (let i = 0; i < 100 && ours.isPolling; i++) await sleep(50)
    expect(ours.isPolling).toBe(false)
    far.send(String(sent++), ours.port, '127.0.0.1')
    for (let i = 0; i < 100 && heard.length < sent; i++) await sleep(10)
    expect(heard).toEqual(Array.from({ length: sent }, (_, n) => String(n)))
  })

  it('sends while it polls, and says what could not be sent', async () => {
    await makeBusy()
    const peer = { transport: 'udp', address: '127.0.0.1', port: far.address().port } as const
    ours.send(new TextEncoder().encode('hello'), peer, peer.address)
    const [message, from] = await once(far, 'message')
    expect([String(message), from.port]).toEqual(['hello', ours.port])
    expect(ours.isPolling).toBe(true)
    ours.send(new Uint8Array(10), { ...peer, port: 0 }, peer.address)
    ours.send(new Uint8Array(70_000), peer, peer.address)
    expect(failed).toEqual([])
    for (let i = 0; i < 100 && failed.length < 2; i++) await sleep(10)
    expect(failed).toEqual([expect.stringMatching(/port/i), expect.stringMatching(/EMSGSIZE/)])
  })

  it('sends later, in their order and from its own port, what the kernel has no room for', async () => {
    await makeBusy()
    const peer = { transport: 'udp', address: '127.0.0.1', port: far.address().port } as const
    const said: string[] = []
    far.on('message', (message, from) => said.push(`${message} ${from.port === ours.port}`))
    const full = vi.spyOn(DirectUdp.prototype, 'send').mockReturnValueOnce(EAGAIN).mockReturnValueOnce(EAGAIN)
    for (const word of ['one', 'two', 'three']) ours.send(new TextEncoder().encode(word), peer, peer.address)
    expect(ours.isPolling).toBe(true)
    for (let i = 0; i < 100 && said.length < 3; i++) await sleep(10)
    full.mockRestore()
    expect(said).toEqual(['one true', 'two true', 'three true'])
    expect(failed).toEqual([])
  })

  it('hears nothing more once it is closed while it polls', async () => {
    await makeBusy()
    await ours.close()
    const count = heard.length
    far.send('late', ours.port, '127.0.0.1')
    await sleep(50)
    expect(heard.length).toBe(count)
    // The port is free again.
    const next = createSocket('udp4')
    next.bind(ours.port, '127.0.0.1')
    await once(next, 'listening')
    next.close()
  })
})

it.runIf(linux)('is served by dgram alone where no second descriptor is left', async () => {
  const none = vi.spyOn(DirectUdp.prototype, 'duplicate').mockReturnValue(-1)
  const heard: string[] = []
  const listener = { onMessage: (bytes: Uint8Array) => heard.push(new TextDecoder().decode(bytes)), onSendFailed() {} }
  const ours = await UdpSocket.bind({ transport: 'udp', address: '127.0.0.1', port: 0 }, listener)
  none.mockRestore()
  expect(ours.isDirect).toBe(false)
  const to = { transport: 'udp', address: '127.0.0.1', port: ours.port } as const
  ours.send(new TextEncoder().encode('to itself'), to, to.address)
  for (let i = 0; i < 100 && heard.length < 1; i++) await sleep(10)
  expect(heard).toEqual(['to itself'])
  await ours.close()
})

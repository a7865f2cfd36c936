import { createSocket, type Socket } from 'node:dgram'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { seededRandom } from '../../kit/index.ts'
import type { MediaIoEvent } from '../../media/index.ts'
import { DgramMediaIo } from './dgram-io.ts'
import { PortRange } from './port-range.ts'

const RANGE = { first: 27_000, last: 27_099 }

describe('DgramMediaIo', () => {
  let io: DgramMediaIo
  const into = new Uint8Array(801)
  beforeEach(() => {
    io = new DgramMediaIo({ ports: new PortRange(seededRandom(5), RANGE) })
  })
  afterEach(() => io.closeAll())

  const event = (): Promise<MediaIoEvent> =>
    vi.waitFor(() => {
      const polled = io.poll()
      if (polled === undefined) throw new Error('nothing yet')
      return polled
    })
  const open = async (leg: number, address = '127.0.0.1'): Promise<number> => {
    io.open(leg, address)
    const bound = await event()
    if (bound.type !== 'bound') throw new Error(bound.reason)
    return bound.port
  }

  it('carries datagrams from leg to leg with their sender', async () => {
    const ports = [await open(1), await open(2)] as const
    expect(ports.every((port) => port % 2 === 0 && port >= 27_000 && port <= 27_099)).toBe(true)
    const bytes = Uint8Array.of(1, 2, 3, 4)
    expect(io.send(1, bytes, 3, '127.0.0.1', ports[1])).toBe(true)
    bytes.fill(9)
    await vi.waitFor(() => expect(io.receive(2, into)).toBe(3))
    expect([...into.subarray(0, 3)]).toEqual([1, 2, 3])
    expect(io.source).toEqual({ address: '127.0.0.1', port: ports[0] })
    expect(io.receive(2, into)).toBe(-1)
  })

  it('speaks IPv6', async () => {
    const ports = [await open(1, '::1'), await open(2, '::1')] as const
    expect(io.send(1, Uint8Array.of(5), 1, '::1', ports[1])).toBe(true)
    await vi.waitFor(() => expect(io.receive(2, into)).toBe(1))
    expect(io.source).toEqual({ address: '::1', port: ports[0] })
  })

  it('fails a leg whose address is none, or not ours', async () => {
    io.open(1, 'example.org')
    expect(await event()).toMatchObject({ type: 'failed', leg: 1, reason: expect.stringMatching(/no IP address/) })
    io.open(2, '192.0.2.1')
    expect(await event()).toMatchObject({ type: 'failed', leg: 2, reason: expect.stringMatching(/192\.0\.2\.1/) })
  })

  it('goes on to the next port when another program holds one', async () => {
    const held: Socket[] = []
    for (let port = RANGE.first; port < RANGE.last; port += 2) {
      if (port === 27_050) continue
      const socket = createSocket('udp4')
      await new Promise<void>((resolve) => socket.bind(port, '127.0.0.1', resolve))
      held.push(socket)
    }
    expect(await open(1)).toBe(27_050)
    io.open(2, '127.0.0.1')
    expect(await event()).toMatchObject({
      type: 'failed',
      leg: 2,
      reason: expect.stringMatching(/no UDP port is free/),
    })
    expect(io.counters.get('portsTaken')).toBeGreaterThan(0)
    for (const socket of held) socket.close()
  })

  it('refuses to send where nothing can be sent to, and lives', async () => {
    await open(1)
    for (const [address, port] of [
      ['example.org', 4000],
      ['::1', 4000],
      ['127.0.0.1', 0],
      ['127.0.0.1', 70_000],
    ] as const)
      expect(io.send(1, into, 10, address, port)).toBe(false)
    expect(io.send(99, into, 10, '127.0.0.1', 4000)).toBe(false)
    expect(io.counters.get('sendsRefused')).toBe(5)
    // Nobody listens there: on some systems the refusal comes back as an error of the socket.
    expect(io.send(1, into, 10, '127.0.0.1', 9)).toBe(true)
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(io.send(1, into, 10, '127.0.0.1', 9)).toBe(true)
  })

  it('is silent about a leg that was closed while its port was being bound', async () => {
    io.open(1, '127.0.0.1')
    io.close(1)
    await new Promise((resolve) => setTimeout(resolve, 20))
    for (let polled = io.poll(); polled !== undefined; polled = io.poll()) expect(polled.type).toBe('bound')
    expect(io.receive(1, into)).toBe(-1)
  })
})

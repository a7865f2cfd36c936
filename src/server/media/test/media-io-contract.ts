import { createSocket, type Socket } from 'node:dgram'
import { setTimeout as pause } from 'node:timers/promises'
import { MessagePort } from 'node:worker_threads'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type Counters, seededRandom } from '../../../kit/index.ts'
import type { MediaIo, MediaIoEvent, ReleasedPort } from '../../../media/index.ts'
import type { MediaIoCounter } from '../io-counters.ts'
import { PortRange, type PortTable, portTable } from '../port-range.ts'

/** A network on real sockets. */
export interface RealMediaIo extends MediaIo {
  readonly counters: Counters<MediaIoCounter>
  closeAll(): void
}

/** The longest that the engine takes. */
const MAX_DATAGRAM = 2240
const RANGE = { first: 27_000, last: 27_099 }

/** What every network on the sockets of this machine does. */
export function mediaIoContract(name: string, create: (ports: PortRange) => RealMediaIo | Promise<RealMediaIo>): void {
  describe(`media network: ${name}`, () => {
    let io: RealMediaIo
    let table: PortTable
    const into = new Uint8Array(801)
    beforeEach(async () => {
      table = portTable(RANGE)
      io = await create(new PortRange(seededRandom(5), table))
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
    const heard = async (leg: number): Promise<number[]> => {
      const length = await vi.waitFor(() => {
        const received = io.receive(leg, into)
        if (received < 0) throw new Error('nothing yet')
        return received
      })
      return [...into.subarray(0, length)]
    }

    it('carries datagrams from leg to leg with their sender', async () => {
      const ports = [await open(1), await open(2)] as const
      expect(ports.every((port) => port % 2 === 0 && port >= 27_000 && port <= 27_099)).toBe(true)
      const bytes = Uint8Array.of(1, 2, 3, 4)
      expect(io.send(1, bytes, 3, '127.0.0.1', ports[1])).toBe(true)
      bytes.fill(9)
      expect(await heard(2)).toEqual([1, 2, 3])
      expect(io.source).toEqual({ address: '127.0.0.1', port: ports[0] })
      expect(io.receive(2, into)).toBe(-1)
    })

    it('tells senders apart, and keeps the order of each', async () => {
      const ports = [await open(1), await open(2, '127.0.0.2'), await open(3)] as const
      for (let i = 0; i < 5; i++) {
        io.send(1, Uint8Array.of(i), 1, '127.0.0.1', ports[2])
        expect([await heard(3), { ...io.source }]).toEqual([[i], { address: '127.0.0.1', port: ports[0] }])
        io.send(2, Uint8Array.of(i, i), 2, '127.0.0.1', ports[2])
        expect([await heard(3), { ...io.source }]).toEqual([[i, i], { address: '127.0.0.2', port: ports[1] }])
      }
    })

    it('speaks IPv6', async () => {
      const ports = [await open(1, '::1'), await open(2, '::1')] as const
      expect(io.send(1, Uint8Array.of(5), 1, '::1', ports[1])).toBe(true)
      expect(await heard(2)).toEqual([5])
      expect(io.source).toEqual({ address: '::1', port: ports[0] })
      expect(io.send(2, Uint8Array.of(6), 1, '0:0:0::1', ports[0])).toBe(true)
      expect(await heard(1)).toEqual([6])
    })

    it('carries the longest packets, 60 ms of L16 at 16 kHz, among short ones', async () => {
      const ports = [await open(1), await open(2)] as const
      const wide = new Uint8Array(MAX_DATAGRAM)
      for (const length of [172, 1952, 172, MAX_DATAGRAM]) {
        const bytes = Uint8Array.from({ length }, (_, i) => (i + length) % 251)
        expect(io.send(1, bytes, length, '127.0.0.1', ports[1])).toBe(true)
        const received = await vi.waitFor(() => {
          const octets = io.receive(2, wide)
          if (octets < 0) throw new Error('nothing yet')
          return octets
        })
        expect(received).toBe(length)
        expect(wide.subarray(0, length)).toEqual(bytes)
      }
    })

    it('cuts a datagram that is longer than the buffer, and takes an empty one', async () => {
      const port = await open(1)
      const far = createSocket('udp4')
      far.send(new Uint8Array(1400).fill(7), port, '127.0.0.1')
      expect((await heard(1)).length).toBe(into.length)
      far.send(new Uint8Array(0), port, '127.0.0.1')
      expect(await heard(1)).toEqual([])
      far.close()
    })

    it('keeps what waits for a leg, up to a limit, and lives through a flood', async () => {
      const port = await open(1)
      const far = createSocket('udp4')
      for (let i = 0; i < 2000; i++)
        await new Promise<void>((resolve) => far.send(new Uint8Array(172), port, '127.0.0.1', () => resolve()))
      await new Promise((resolve) => setTimeout(resolve, 20))
      let waiting = 0
      while (io.receive(1, into) === 172) waiting++
      expect(waiting).toBeGreaterThanOrEqual(16)
      expect(waiting).toBeLessThan(2000)
      io.close(1)
      expect(io.counters.get('receiveOverflows')).toBeGreaterThan(0)
      far.close()
    })

    it('talks on as before once it is connected, and then with others when it is not any more', async () => {
      const ports = [await open(1), await open(2), await open(3)] as const
      io.send(1, Uint8Array.of(1), 1, '127.0.0.1', ports[1])
      io.connect?.(2, '127.0.0.1', ports[0])
      expect([await heard(2), io.source.port]).toEqual([[1], ports[0]])
      expect(io.receive(2, into)).toBe(-1)
      io.send(1, Uint8Array.of(2), 1, '127.0.0.1', ports[1])
      expect([await heard(2), io.source.port]).toEqual([[2], ports[0]])
      expect(io.send(2, Uint8Array.of(3), 1, '127.0.0.1', ports[0])).toBe(true)
      expect(await heard(1)).toEqual([3])
      io.connect?.(2, undefined, 0)
      io.send(3, Uint8Array.of(4), 1, '127.0.0.1', ports[1])
      expect([await heard(2), io.source.port]).toEqual([[4], ports[2]])
      expect(io.send(2, Uint8Array.of(5), 1, '127.0.0.1', ports[2])).toBe(true)
      expect(await heard(3)).toEqual([5])
    })

    const openControl = async (leg: number, address?: string): Promise<number> => {
      const port = await open(leg, address)
      io.openControl(leg)
      // Binding takes a turn of the event loop on some networks, and no event tells its end.
      await new Promise((resolve) => setTimeout(resolve, 20))
      return port + 1
    }
    const heardControl = async (leg: number): Promise<number[]> => {
      const length = await vi.waitFor(() => {
        const received = io.receiveControl(leg, into)
        if (received < 0) throw new Error('nothing yet')
        return received
      })
      return [...into.subarray(0, length)]
    }

    it.each(['127.0.0.1', '::1'])('has a port of its own for RTCP above that of the leg, on %s', async (address) => {
      const ports = [await openControl(1, address), await openControl(2, address)] as const
      expect(io.sendControl(1, Uint8Array.of(1, 2), 2, address, ports[1])).toBe(true)
      expect([await heardControl(2), { ...io.source }]).toEqual([[1, 2], { address, port: ports[0] }])
      expect([io.receiveControl(2, into), io.receive(2, into)]).toEqual([-1, -1])
      expect(io.send(2, Uint8Array.of(3), 1, address, ports[0] - 1)).toBe(true)
      expect([await heard(1), io.receiveControl(1, into)]).toEqual([[3], -1])
    })

    it('says how long a report has waited', async () => {
      const port = await openControl(1)
      const far = createSocket('udp4')
      const send = () => far.send(Uint8Array.of(7), port, '127.0.0.1')
      send()
      await heardControl(1)
      expect(io.waitedMs).toBeLessThan(1000)
      send()
      await new Promise((resolve) => setTimeout(resolve, 300))
      expect(io.receiveControl(1, into)).toBe(1)
      expect(io.waitedMs).toBeGreaterThan(200)
      expect(io.waitedMs).toBeLessThan(2000)
      far.close()
    })

    it('lives without RTCP where another program holds the port, or none was asked for', async () => {
      const held: Socket[] = []
      for (let port = RANGE.first + 1; port <= RANGE.last; port += 2) {
        const socket = createSocket('udp4')
        await new Promise<void>((resolve) => socket.bind(port, '127.0.0.1', resolve))
        held.push(socket)
      }
      await openControl(1)
      await open(2)
      io.openControl(99)
      for (const leg of [1, 2, 99]) {
        expect(io.receiveControl(leg, into)).toBe(-1)
        expect(io.sendControl(leg, into, 10, '127.0.0.1', 4000)).toBe(false)
      }
      expect(io.counters.get('controlPortsTaken')).toBe(1)
      for (const socket of held) socket.close()
    })

    it('lets a last report leave and frees both ports when a leg is closed', async () => {
      const far = createSocket('udp4')
      const farewell = new Promise<Uint8Array>((resolve) => far.once('message', resolve))
      await new Promise<void>((resolve) => far.bind(0, '127.0.0.1', resolve))
      const port = await openControl(1)
      io.sendControl(1, Uint8Array.of(9), 1, '127.0.0.1', far.address().port)
      io.close(1)
      expect([...(await farewell)]).toEqual([9])
      for (const free of [port - 1, port]) {
        const socket = createSocket('udp4')
        await new Promise<void>((resolve, reject) => {
          socket.once('error', reject)
          socket.bind(free, '127.0.0.1', resolve)
        })
        socket.close()
      }
      far.close()
    })

    it('sends packets as long as the longest that the engine makes', async () => {
      const ports = [await open(1), await open(2)] as const
      // 640 octets of L16 behind the header, and a tag.
      expect(io.send(1, new Uint8Array(668).fill(5), 668, '127.0.0.1', ports[1])).toBe(true)
      expect((await heard(2)).length).toBe(668)
    })

    it('sends as many packets at once as a sweep may bring', async () => {
      const ports = [await open(1), await open(2)] as const
      for (let i = 0; i < 16; i++) expect(io.send(1, Uint8Array.of(i), 1, '127.0.0.1', ports[1])).toBe(true)
      for (let i = 0; i < 16; i++) expect(await heard(2)).toEqual([i])
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
      io.connect?.(1, '127.0.0.1', 9)
      for (let i = 0; i < 3; i++) {
        expect(io.send(1, into, 10, '127.0.0.1', 9)).toBe(true)
        await new Promise((resolve) => setTimeout(resolve, 20))
        expect(io.receive(1, into)).toBe(-1)
      }
    })

    it('says nothing more about a leg that was closed while its port was being bound', async () => {
      io.open(1, '127.0.0.1')
      io.close(1)
      await new Promise((resolve) => setTimeout(resolve, 20))
      for (let polled = io.poll(); polled !== undefined; polled = io.poll()) expect(polled.type).toBe('bound')
      expect(io.receive(1, into)).toBe(-1)
    })

    it('gives the port of RTCP back when the leg is closed while it was being bound', async () => {
      const port = await open(1)
      io.openControl(1)
      io.close(1)
      await new Promise((resolve) => setTimeout(resolve, 20))
      const socket = createSocket('udp4')
      await new Promise<void>((resolve, reject) => {
        socket.once('error', reject)
        socket.bind(port + 1, '127.0.0.1', resolve)
      })
      socket.close()
      expect([io.receiveControl(1, into), io.counters.get('controlPortsTaken')]).toEqual([-1, 0])
    })

    it('hands the ports of a leg over to another network of the process, which frees them', async () => {
      const ports = [await open(1), await open(2)] as const
      io.openControl(1)
      await new Promise((resolve) => setTimeout(resolve, 20))
      io.connect?.(1, '127.0.0.1', ports[1])
      const other = await create(new PortRange(seededRandom(6), table, 2))
      const released = crossing(io.release(1, 2))
      expect(released).toMatchObject({ address: '127.0.0.1', port: ports[0], hasControl: true })
      expect(io.receive(1, into)).toBe(-1)
      other.adopt(1, released)
      expect(await vi.waitUntil(() => other.poll())).toMatchObject({ type: 'bound', leg: 1, port: ports[0] })
      await new Promise((resolve) => setTimeout(resolve, 20))
      // It hears everybody, whomever it was connected to before.
      const stranger = createSocket('udp4')
      stranger.send(Uint8Array.of(7), ports[0], '127.0.0.1')
      expect(await vi.waitUntil(() => other.receive(1, into) === 1 && into[0])).toBe(7)
      stranger.send(Uint8Array.of(8, 8), ports[0] + 1, '127.0.0.1')
      expect(await vi.waitUntil(() => other.receiveControl(1, into) === 2 && into[0])).toBe(8)
      stranger.close()
      expect(other.send(1, Uint8Array.of(9), 1, '127.0.0.1', ports[1])).toBe(true)
      expect(await heard(2)).toEqual([9])
      expect(io.source.port).toBe(ports[0])
      const owners = new PortRange(seededRandom(5), table)
      expect(owners.used).toBe(2)
      other.closeAll()
      expect(owners.used).toBe(1)
    })

    it('loses nothing that comes while a leg is on its way, keeps the order, and takes what comes afterwards', async () => {
      const port = await open(1)
      const other = await create(new PortRange(seededRandom(6), table, 2))
      const far = createSocket('udp4')
      let sent = 0
      const send = async (count: number): Promise<void> => {
        for (const last = sent + count; sent < last; sent++)
          await new Promise<void>((resolve) => far.send(Uint8Array.of(sent), port, '127.0.0.1', () => resolve()))
      }
      await send(3)
      await pause(20)
      const released = crossing(io.release(1, 2))
      await send(5)
      await pause(100)
      await send(5)
      other.adopt(1, released)
      await send(3)
      const got: number[] = []
      await vi.waitUntil(() => {
        while (other.receive(1, into) === 1) got.push(into[0] as number)
        return got.length === sent
      })
      expect([...got].sort((a, b) => a - b)).toEqual(Array.from({ length: 16 }, (_, i) => i))
      expect(got.slice(0, 8)).toEqual([0, 1, 2, 3, 4, 5, 6, 7])
      // The first network has nothing to do with it any more.
      await pause(20)
      io.closeAll()
      await send(1)
      expect(await vi.waitUntil(() => other.receive(1, into) === 1 && into[0])).toBe(16)
      expect(other.counters.get('receiveOverflows') + io.counters.get('receiveOverflows')).toBe(0)
      far.close()
      other.closeAll()
    })

    it('does not adopt what was lost on the way', async () => {
      const port = await open(1)
      const released = io.release(1, 2)
      // The worker that was to have it has died, and its successor has closed what was its own.
      const other = await create(new PortRange(seededRandom(6), table, 2))
      other.closeAll()
      other.adopt(1, released)
      expect(await vi.waitUntil(() => other.poll())).toEqual({
        type: 'failed',
        leg: 1,
        reason: `port ${port} was lost on its way to this media worker`,
      })
      expect(new PortRange(seededRandom(5), table).used).toBe(0)
    })
  })
}

/** What another thread gets of it. */
function crossing(released: ReleasedPort): ReleasedPort {
  const { channel } = released
  return structuredClone(released, { transfer: channel instanceof MessagePort ? [channel] : [] })
}

import { readdirSync, readlinkSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../kit/index.ts'
import { DgramMediaIo } from './dgram-io.ts'
import { LibcMediaIo } from './libc-io.ts'
import { loadLinuxSockets } from './linux-sockets.ts'
import { PortRange, portTable, processNow } from './port-range.ts'
import { mediaIoContract } from './test/media-io-contract.ts'

mediaIoContract('node:dgram', (ports) => new DgramMediaIo({ ports }))

describe.runIf(process.platform === 'linux')('on Linux', () => {
  mediaIoContract('libc', async (ports) => new LibcMediaIo({ ports, sockets: await loadLinuxSockets() }))

  const sockets = (): number =>
    readdirSync('/proc/self/fd').filter((fd) => {
      try {
        return readlinkSync(`/proc/self/fd/${fd}`).startsWith('socket:')
      } catch {
        return false
      }
    }).length

  it('closes the sockets of a worker that died, and gives its ports back', async () => {
    const table = portTable({ first: 27_200, last: 27_209 })
    const libc = { sockets: await loadLinuxSockets() }
    const before = sockets()
    const dead = new LibcMediaIo({ ...libc, ports: new PortRange(seededRandom(1), table, 2) })
    const other = new LibcMediaIo({ ...libc, ports: new PortRange(seededRandom(1), table, 3) })
    for (const leg of [1, 2]) dead.open(leg, '127.0.0.1')
    dead.openControl(1)
    other.open(1, '127.0.0.1')
    expect([sockets() - before, new PortRange(seededRandom(1), table).used]).toEqual([4, 3])
    const successor = new LibcMediaIo({ ...libc, ports: new PortRange(seededRandom(1), table, 2) })
    expect([sockets() - before, new PortRange(seededRandom(1), table).used]).toEqual([1, 1])
    expect(other.send(1, new Uint8Array(10), 10, '127.0.0.1', 9)).toBe(true)
    // They rest, as after any use.
    const free = new PortRange(seededRandom(1), table)
    const taken = Array.from({ length: 5 }, () => free.take(processNow()))
    expect(taken.filter((port) => port !== undefined).length).toBe(2)
    successor.closeAll()
    other.closeAll()
    expect(sockets()).toBe(before)
  })

  describe('ports on which nothing comes', () => {
    const bytes = new Uint8Array(172)
    const into = new Uint8Array(1500)

    async function open(legs: number) {
      const libc = await loadLinuxSockets()
      const counted = { reads: 0, polled: 0 }
      const recvfrom: typeof libc.recvfrom = (...parameters) => {
        counted.reads++
        return libc.recvfrom(...parameters)
      }
      const poll: typeof libc.poll = (table, count, timeoutMs) => {
        counted.polled += count
        return libc.poll(table, count, timeoutMs)
      }
      const ports = new PortRange(seededRandom(1), portTable({ first: 27_210, last: 27_609 }))
      const io = new LibcMediaIo({ sockets: { ...libc, recvfrom, poll }, ports })
      for (let leg = 0; leg < legs; leg++) io.open(leg, '127.0.0.1')
      const numbers = Array.from({ length: legs }, () => (io.poll() as { port: number }).port)
      let mediaMs = 0
      /** What each of these legs got in this part of a tick, 20 ms after the one before. */
      const sweep = (part: number, swept: readonly number[] = [...numbers.keys()]) => {
        mediaMs += 20
        io.beginPart(part, mediaMs)
        const lengths = swept.map((leg) => io.receive(leg, into))
        io.beginPart(undefined, mediaMs)
        return lengths
      }
      const sweepsUntilQuiet = () => {
        for (let i = 0; i < 10; i++) expect(new Set(sweep(1))).toEqual(new Set([-1]))
      }
      /** Sends to these legs, and waits until the network has brought it. */
      const sendTo = async (legs: readonly number[]) => {
        for (const leg of legs) io.send(0, bytes, 100 + (leg % 60), '127.0.0.1', numbers[leg]!)
        await setTimeout(20)
      }
      return { io, counted, sweep, sweepsUntilQuiet, sendTo }
    }

    it('are asked for all at once, and read as soon as something has come', async () => {
      const { io, counted, sweep, sweepsUntilQuiet, sendTo } = await open(200)
      sweepsUntilQuiet()
      counted.reads = 0
      expect(new Set(sweep(1))).toEqual(new Set([-1]))
      expect(counted.reads).toBe(0)
      await sendTo([0, 64, 65, 199])
      const got = sweep(1).flatMap((length, leg) => (length < 0 ? [] : [[leg, length]]))
      expect(got).toEqual([
        [0, 100],
        [64, 104],
        [65, 105],
        [199, 119],
      ])
      expect(counted.reads).toBe(4)
      sweep(1)
      expect(counted.reads).toBe(8)
      io.closeAll()
    })

    it('are read in another part of the tick, and outside of ticks', async () => {
      const { io, counted, sweep, sweepsUntilQuiet, sendTo } = await open(3)
      sweepsUntilQuiet()
      await sendTo([1])
      expect(sweep(3)).toEqual([-1, 101, -1])
      sweepsUntilQuiet()
      await sendTo([2])
      expect(io.receive(2, into)).toBe(102)
      expect(counted.reads).toBeGreaterThan(0)
      io.closeAll()
    })

    it('may be closed, and others are found after them', async () => {
      const { io, sweep, sweepsUntilQuiet, sendTo } = await open(4)
      sweepsUntilQuiet()
      io.close(1)
      await sendTo([3])
      expect(sweep(1)).toEqual([-1, -1, -1, 103])
      io.closeAll()
      io.beginPart(1, 0)
      io.beginPart(undefined, 0)
    })

    it('are not asked for in each tick when they are swept now and then', async () => {
      const { counted, io, sweep, sweepsUntilQuiet, sendTo } = await open(100)
      const [often, seldom] = [[0, 1, 2], Array.from({ length: 97 }, (_, i) => i + 3)]
      const halfASecond = () => {
        for (let tick = 0; tick < 24; tick++) sweep(1, often)
        return sweep(1, seldom)
      }
      sweepsUntilQuiet()
      for (let i = 0; i < 10; i++) halfASecond()
      Object.assign(counted, { reads: 0, polled: 0 })
      expect(new Set(halfASecond())).toEqual(new Set([-1]))
      expect(counted).toEqual({ reads: 0, polled: 24 * often.length + seldom.length })
      await sendTo([50])
      expect(halfASecond()).toEqual(seldom.map((leg) => (leg === 50 ? 150 : -1)))
      sweepsUntilQuiet()
      Object.assign(counted, { reads: 0, polled: 0 })
      sweep(1)
      expect(counted).toEqual({ reads: 0, polled: 100 })
      io.closeAll()
    })
  })
})

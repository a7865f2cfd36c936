import { readdirSync, readlinkSync } from 'node:fs'
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
})

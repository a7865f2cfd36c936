import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../kit/index.ts'
import { PortRange, portTable } from './port-range.ts'

const range = (first: number, last: number, quarantineMs = 5000): PortRange =>
  new PortRange(seededRandom(1), portTable({ first, last, quarantineMs }))

describe('PortRange', () => {
  it('hands out every even port once, wherever it starts', () => {
    const ports = range(20_001, 20_010)
    const taken = Array.from({ length: 5 }, () => ports.take(0))
    expect([...taken].sort()).toEqual([20_002, 20_004, 20_006, 20_008, 20_010])
    expect(ports.take(0)).toBeUndefined()
    expect([ports.size, ports.used]).toEqual([5, 5])
  })

  it('has a port above each for RTCP, unless the range ends before it', () => {
    expect(range(20_000, 20_010).controlPortOf(20_000)).toBe(20_001)
    expect(range(20_000, 20_010).controlPortOf(20_010)).toBeUndefined()
  })

  it('starts elsewhere with another seed', () => {
    const firsts = [1, 2, 3, 4].map((seed) => new PortRange(seededRandom(seed)).take(0))
    expect(new Set(firsts).size).toBeGreaterThan(2)
  })

  it('lets a port rest after its use', () => {
    const ports = range(20_000, 20_001)
    const port = ports.take(0) as number
    ports.release(port, 100)
    expect(ports.take(5099)).toBeUndefined()
    expect(ports.take(5100)).toBe(port)
  })

  it('uses the others before it comes back to one', () => {
    const ports = range(20_000, 20_007, 0)
    const first = ports.take(0) as number
    ports.release(first, 0)
    expect([1, 2, 3].map(() => ports.take(1))).not.toContain(first)
    expect(ports.take(1)).toBe(first)
  })

  it('may be empty', () => {
    expect(range(20_001, 20_001).take(0)).toBeUndefined()
  })

  it('is shared by workers, which never hold the same port', () => {
    const table = portTable({ first: 20_000, last: 20_019, quarantineMs: 1000 })
    const workers = [1, 2, 3].map((owner) => new PortRange(seededRandom(owner), table, owner))
    const taken = Array.from({ length: 10 }, (_, i) => workers[i % 3].take(0))
    expect(new Set(taken).size).toBe(10)
    expect(workers.map((worker) => [worker.take(0), worker.used])).toEqual(Array(3).fill([undefined, 10]))
    workers[0].release(taken[0] as number, 0)
    expect([workers[1].take(999), workers[1].take(1000)]).toEqual([undefined, taken[0]])
  })

  it('takes back what a dead worker held, and names its sockets', () => {
    const table = portTable({ first: 20_000, last: 20_019 })
    const [dead, other] = [2, 3].map((owner) => new PortRange(seededRandom(owner), table, owner))
    const ports = [1, 2, 3].map(() => dead.take(0) as number)
    dead.note(ports[0], 0)
    dead.note(ports[1], 17)
    other.note(other.take(0) as number, 18)
    expect(new PortRange(seededRandom(9), table, 2).releaseLeftBehind(10).sort()).toEqual([0, 17])
    expect([other.used, dead.releaseLeftBehind(10)]).toEqual([1, []])
  })
})

import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../kit/index.ts'
import { PortRange } from './port-range.ts'

const range = (first: number, last: number, quarantineMs = 5000): PortRange =>
  new PortRange(seededRandom(1), { first, last, quarantineMs })

describe('PortRange', () => {
  it('hands out every even port once, wherever it starts', () => {
    const ports = range(20_001, 20_010)
    const taken = Array.from({ length: 5 }, () => ports.take(0))
    expect([...taken].sort()).toEqual([20_002, 20_004, 20_006, 20_008, 20_010])
    expect(ports.take(0)).toBeUndefined()
    expect([ports.size, ports.used]).toEqual([5, 5])
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
})

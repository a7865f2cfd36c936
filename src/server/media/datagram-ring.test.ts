import { describe, expect, it } from 'vitest'
import { DatagramRing } from './datagram-ring.ts'

describe('DatagramRing', () => {
  it('gives datagrams back in order, with their senders', () => {
    const ring = new DatagramRing()
    const source = { address: '', port: 0 }
    const into = new Uint8Array(8)
    expect(ring.shift(into, source)).toBe(-1)
    for (let i = 0; i < 50; i++) {
      expect(ring.push(Uint8Array.of(i, 1), '127.0.0.1', 4000 + i)).toBe(true)
      expect(ring.push(Uint8Array.of(i, 2, 3), '127.0.0.2', 5000 + i)).toBe(true)
      expect(ring.shift(into, source)).toBe(2)
      expect([into[0], into[1], source]).toEqual([i, 1, { address: '127.0.0.1', port: 4000 + i }])
      expect(ring.shift(into, source)).toBe(3)
      expect(source).toEqual({ address: '127.0.0.2', port: 5000 + i })
    }
    expect(ring.shift(into, source)).toBe(-1)
  })

  it('keeps the newest when it is full, and says so', () => {
    const ring = new DatagramRing()
    const kept = Array.from({ length: 40 }, (_, i) => ring.push(Uint8Array.of(i), 'a', 1))
    expect(kept.indexOf(false)).toBe(16)
    const into = new Uint8Array(1)
    expect(ring.shift(into, { address: '', port: 0 })).toBe(1)
    expect(into[0]).toBe(24)
  })

  it('has as many slots as are asked for, and keeps the times that it is told', () => {
    const ring = new DatagramRing(2)
    const kept = [10, 20, 30].map((at) => ring.push(Uint8Array.of(at), 'a', 1, at))
    expect(kept).toEqual([true, true, false])
    const into = new Uint8Array(1)
    for (const at of [20, 30]) {
      expect(ring.shift(into, { address: '', port: 0 })).toBe(1)
      expect([into[0], ring.storedAt]).toEqual([at, at])
    }
  })

  it('makes room for long datagrams, and cuts what is longer than any packet or the buffer', () => {
    const ring = new DatagramRing()
    const source = { address: '', port: 0 }
    ring.push(new Uint8Array(900).fill(1), 'a', 1)
    ring.push(new Uint8Array(1000).fill(2), 'a', 1)
    ring.push(new Uint8Array(5000).fill(3), 'a', 1)
    ring.push(new Uint8Array(1932).fill(4), 'a', 1)
    const into = new Uint8Array(4000)
    expect(ring.shift(new Uint8Array(801), source)).toBe(801)
    for (const [length, octet] of [
      [1000, 2],
      [2304, 3],
      [1932, 4],
    ] as const) {
      expect(ring.shift(into, source)).toBe(length)
      expect(new Set(into.subarray(0, length))).toEqual(new Set([octet]))
    }
  })
})

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { SampleRing } from './sample-ring.ts'

describe('SampleRing', () => {
  test('takes what fits and says how much that was', () => {
    const ring = new SampleRing(4)
    expect(ring.write(Int16Array.of(1, 2, 3))).toBe(3)
    expect(ring.write(Int16Array.of(4, 5))).toBe(1)
    expect(ring.length).toBe(4)
    expect(ring.write(Int16Array.of(6))).toBe(0)
  })

  test('a short read leaves the rest of the target as it was', () => {
    const ring = new SampleRing(4)
    ring.write(Int16Array.of(1, 2))
    const into = Int16Array.of(9, 9, 9)
    expect(ring.readInto(into)).toBe(2)
    expect([...into]).toEqual([1, 2, 9])
    expect(ring.readInto(into)).toBe(0)
  })

  test('clear empties it', () => {
    const ring = new SampleRing(3)
    ring.write(Int16Array.of(1, 2))
    ring.clear()
    expect(ring.length).toBe(0)
    expect(ring.write(Int16Array.of(3, 4, 5))).toBe(3)
  })

  test('behaves as a bounded queue does, however it wraps', () => {
    const operation = fc.record({ isWrite: fc.boolean(), count: fc.nat(12) })
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10 }), fc.array(operation, { maxLength: 100 }), (capacity, operations) => {
        const ring = new SampleRing(capacity)
        const model: number[] = []
        let next = 0
        for (const { isWrite, count } of operations) {
          if (isWrite) {
            const samples = Int16Array.from({ length: count }, () => next++)
            const written = ring.write(samples)
            expect(written).toBe(Math.min(count, capacity - model.length))
            model.push(...samples.subarray(0, written))
          } else {
            const into = new Int16Array(count)
            const read = ring.readInto(into)
            expect([...into.subarray(0, read)]).toEqual(model.splice(0, count))
          }
          expect(ring.length).toBe(model.length)
        }
      }),
    )
  })

  test('gives no more than asked for, and skips', () => {
    const ring = new SampleRing(5)
    ring.write(Int16Array.of(1, 2, 3, 4, 5))
    const into = new Int16Array(4)
    expect(ring.readInto(into, 2)).toBe(2)
    expect([...into]).toEqual([1, 2, 0, 0])
    ring.skip(-1)
    ring.skip(1)
    ring.write(Int16Array.of(6, 7))
    expect(ring.readInto(into)).toBe(4)
    expect([...into]).toEqual([4, 5, 6, 7])
    ring.write(Int16Array.of(8))
    ring.skip(9)
    expect(ring.length).toBe(0)
  })
})

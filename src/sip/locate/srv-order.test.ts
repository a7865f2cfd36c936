import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../kit/index.ts'
import { srvOrder } from './srv-order.ts'

const record = (target: string, priority: number, weight: number) => ({ target, priority, weight, port: 5060 })

describe('srvOrder', () => {
  it('keeps to the priorities', () => {
    const records = [record('c', 30, 100), record('a', 10, 0), record('b', 20, 5)]
    expect(srvOrder(records, seededRandom(1)).map(({ target }) => target)).toEqual(['a', 'b', 'c'])
  })

  it('draws the first of one priority by weight', () => {
    const random = seededRandom(7)
    const records = [record('small', 1, 10), record('large', 1, 90), record('none', 1, 0)]
    const first = { small: 0, large: 0, none: 0 }
    for (let i = 0; i < 10_000; i++) first[srvOrder(records, random)[0]?.target as keyof typeof first]++
    expect(first.large / 10_000).toBeCloseTo(0.9, 1)
    expect(first.small / 10_000).toBeCloseTo(0.1, 1)
    expect(first.none).toBeGreaterThan(10)
    expect(first.none).toBeLessThan(250)
  })

  it('loses and doubles none', () => {
    const any = fc.record({ priority: fc.nat(3), weight: fc.nat(65_535), port: fc.nat(65_535), target: fc.string() })
    fc.assert(
      fc.property(fc.array(any, { maxLength: 20 }), fc.integer(), (records, seed) => {
        const ordered = srvOrder(records, seededRandom(seed))
        expect(new Set(ordered)).toEqual(new Set(records))
        expect(ordered.length).toBe(records.length)
        expect(ordered.map(({ priority }) => priority)).toEqual(records.map(({ priority }) => priority).sort())
      }),
      { seed: 1 },
    )
  })
})

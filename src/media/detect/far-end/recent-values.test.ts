import { describe, expect, it } from 'vitest'
import { RecentValues } from './recent-values.ts'

describe('RecentValues', () => {
  it('do not stray where they lie on a line, also where some of it was not seen', () => {
    const values = new RecentValues(8)
    for (const at of [1, 2, 3, 7, 8, 9]) values.put(100 + 5 * at, at)
    expect(values.stray(6)).toBeCloseTo(0, 6)
    expect(values.speed(6)).toBeCloseTo(5, 6)
    expect(values.last).toBe(145)
  })

  it('stray by what a line leaves over', () => {
    const values = new RecentValues(4)
    for (const [at, value] of [1, -1, -1, 1].entries()) values.put(value, at)
    expect(values.mean(4)).toBe(0)
    expect(values.stray(4)).toBeCloseTo(1, 6)
  })

  it('say nothing of two values, and forget the oldest', () => {
    const values = new RecentValues(2)
    for (const [at, value] of [900, 3, 5].entries()) values.put(value, at)
    expect(values.stray(2)).toBe(0)
    expect(values.mean(2)).toBe(4)
  })

  it('forget the newest', () => {
    const values = new RecentValues(4)
    for (const [at, value] of [1, 2, 3, 900].entries()) values.put(value, at)
    values.forgetLast()
    expect(values.last).toBe(3)
    expect(values.mean(3)).toBe(2)
    expect(values.stray(3)).toBeCloseTo(0, 6)
  })
})

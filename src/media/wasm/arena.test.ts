import { describe, expect, it } from 'vitest'
import { Arena, addressOf } from './arena.ts'

describe('Arena', () => {
  it('gives out arrays that do not overlap, on multiples of 16', () => {
    const arena = new Arena(new ArrayBuffer(256), 32)
    expect([arena.bytes(3), arena.int16(9), arena.int32(1)].map(addressOf)).toEqual([32, 48, 80])
    expect(arena.left).toBe(256 - 96)
  })

  it('gives a released array out again, as zeros', () => {
    const arena = new Arena(new ArrayBuffer(256))
    const first = arena.int16(10).fill(7)
    arena.release(first)
    const second = arena.bytes(20)
    expect(addressOf(second)).toBe(addressOf(first))
    expect([...second]).toEqual(new Array(20).fill(0))
  })

  it('gives out arrays of their own when it is full', () => {
    const arena = new Arena(new ArrayBuffer(32))
    expect(addressOf(arena.int16(9))).toBe(-1)
    expect(addressOf(arena.int16(8))).toBe(16)
    expect(arena.int16(8)).toEqual(new Int16Array(8))
    arena.release(arena.int16(8))
    expect(addressOf(arena.int16(8))).toBe(-1)
  })

  it('knows no address of a part of an array', () => {
    const arena = new Arena(new ArrayBuffer(256))
    expect(addressOf(arena.int16(8).subarray(0))).toBe(-1)
  })
})

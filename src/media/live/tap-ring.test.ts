import { describe, expect, it } from 'vitest'
import { createTapRing, TapReader, TapWriter } from './tap-ring.ts'

function setUp(sampleRateHz: 8000 | 16_000 = 8000) {
  const ring = createTapRing(sampleRateHz)
  const writer = new TapWriter(ring)
  const reader = new TapReader(ring)
  const blocks: number[] = []
  return {
    reader,
    /** Writes blocks numbered from `from` on, and returns how often the reader is to be told. */
    write: (from: number, count = 1): number => {
      let told = 0
      for (let n = from; n < from + count; n++) if (writer.write(new Int16Array(640).fill(n), n % 10 !== 7)) told++
      return told
    },
    read: (): number[] => {
      blocks.length = 0
      reader.listen()
      for (let block = reader.read(); block !== undefined; block = reader.read()) {
        expect(block).toHaveLength(sampleRateHz / 50)
        expect(new Set(block).size).toBe(1)
        blocks.push(block[0] as number)
      }
      return [...blocks]
    },
  }
}

describe('the ring of a tap', () => {
  it('hands over block by block, at either rate', () => {
    for (const rate of [8000, 16_000] as const) {
      const { write, read, reader } = setUp(rate)
      write(1)
      expect(read()).toEqual([1])
      write(2, 3)
      expect([read(), read(), reader.lost]).toEqual([[2, 3, 4], [], 0])
    }
  })

  it('tells its reader once, until it has looked', () => {
    const { write, read } = setUp()
    expect([write(1), write(2), write(3, 10)]).toEqual([1, 0, 0])
    read()
    expect([write(20), write(21)]).toEqual([1, 0])
  })

  it('says of each block whether some of it was made up, also where one stood before that was', () => {
    const { write, reader } = setUp()
    const madeUp = (): number[] => {
      const those: number[] = []
      for (let block = reader.read(); block !== undefined; block = reader.read())
        if (!reader.wasWhole) those.push(block[0] as number)
      return those
    }
    write(1, 20)
    expect(madeUp()).toEqual([7, 17])
    write(100, 60)
    expect(madeUp()).toEqual([107, 117, 127, 137, 147, 157])
  })

  it('loses the oldest when its reader is late, and counts them', () => {
    const { write, read, reader } = setUp()
    write(1, 1000)
    const late = read()
    expect([late.length, late[0], late.at(-1), reader.lost]).toEqual([63, 938, 1000, 937])
    write(2000, 5)
    expect([read(), reader.lost]).toEqual([[2000, 2001, 2002, 2003, 2004], 937])
  })
})

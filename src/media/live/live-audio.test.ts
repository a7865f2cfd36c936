import { describe, expect, it } from 'vitest'
import { createLiveAudio, LiveReader, LiveWriter } from './live-audio.ts'

function setUp(capacity = 8) {
  const audio = createLiveAudio('pcm16', capacity)
  const writer = new LiveWriter(audio)
  const reader = new LiveReader(audio)
  return {
    writer,
    reader,
    write: (...samples: number[]) => writer.write(Int16Array.from(samples), 0, samples.length),
    /** Everything that can be read, or so many. */
    read: (most = Infinity): number[] => {
      reader.skipCleared()
      const read: number[] = []
      for (let left = Math.min(reader.available, most); left > 0; left--) {
        read.push(audio.data[reader.at] as number)
        reader.advance(1)
      }
      return read
    },
  }
}

describe('live audio', () => {
  it('goes through in order, as much as there is room for', () => {
    const { writer, write, read } = setUp()
    write(1, 2, 3, 4, 5)
    expect([writer.room, writer.position, writer.played]).toEqual([3, 5, 0])
    expect(read(2)).toEqual([1, 2])
    write(6, 7, 8, 9, 10)
    expect([writer.room, read(), writer.played]).toEqual([0, [3, 4, 5, 6, 7, 8, 9, 10], 10])
  })

  it('is without what was cleared, and keeps what is written after it', () => {
    const { writer, write, read } = setUp()
    write(1, 2, 3)
    writer.clear()
    write(4, 5)
    expect(read()).toEqual([4, 5])
    writer.clear()
    expect(read()).toEqual([])
    write(6)
    writer.clear()
    write(7)
    writer.clear()
    write(8)
    expect([read(), writer.room]).toEqual([[8], 8])
  })

  it('tells once that a position was reached, by playing or by clearing', () => {
    const { writer, reader, write, read } = setUp()
    write(1, 2, 3)
    writer.tellAt(2)
    expect(reader.takeTell()).toBe(false)
    read(1)
    expect(reader.takeTell()).toBe(false)
    read(1)
    expect([reader.takeTell(), reader.takeTell()]).toEqual([true, false])
    writer.tellAt(3)
    writer.clear()
    reader.skipCleared()
    expect([reader.takeTell(), reader.takeTell()]).toEqual([true, false])
    writer.tellAt(3)
    expect(reader.takeTell()).toBe(true)
  })

  it('goes on when its positions wrap, which those of a call of three days do', () => {
    const { writer, reader, write, read } = setUp()
    for (let left = 2 ** 33; left > 0; left -= 2 ** 30) {
      writer.write(new Int16Array(0), 0, 2 ** 30)
      reader.advance(2 ** 30)
    }
    write(1, 2, 3)
    writer.tellAt(writer.position)
    expect([writer.room, reader.takeTell(), read(2), reader.takeTell()]).toEqual([5, false, [1, 2], false])
    writer.clear()
    write(4)
    expect([read(), reader.takeTell()]).toEqual([[4], true])
  })

  it('cannot be of a capacity that is no power of two', () => {
    expect(() => createLiveAudio('pcmu', 1000)).toThrow('1000 is not a power of two')
  })
})

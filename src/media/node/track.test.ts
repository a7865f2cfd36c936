import { describe, expect, it } from 'vitest'
import { threadKernels } from '../wasm/kernels.ts'
import { HELD_FRAMES, Track } from './track.ts'

const FRAME = 160

/** A track, and the clock of its leg: each packet holds 20 ms of one value. */
class Clock {
  readonly track: Track
  /** What was read, a value for each frame; 0 where it is not the same all over. */
  readonly read: number[] = []
  readonly frames: Int16Array[] = []
  /** Frames that were read. */
  #head = 0
  #now = 0
  readonly #frame = new Int16Array(FRAME)

  constructor(clockRateHz = 8000) {
    this.track = new Track(threadKernels().arena, clockRateHz, 8000)
  }

  /** Moves on to a time, in frames since the beginning. */
  at(now: number): void {
    this.#now = now
    while (this.#head + HELD_FRAMES < now) this.#readNext()
  }

  say(timestamp: number, value: number): number {
    const at = this.track.place(timestamp, (this.#now - this.#head) * FRAME)
    this.track.put(new Int16Array(FRAME).fill(value), FRAME, at)
    return this.#head * FRAME + at
  }

  finish(): void {
    this.at(this.#now + HELD_FRAMES + 1)
  }

  #readNext(): void {
    this.track.copyInto(this.#frame, 0)
    this.frames.push(this.#frame.slice())
    this.read.push(this.#frame.every((sample) => sample === this.#frame[0]) ? this.#frame[0] : 0)
    this.track.advance()
    this.#head++
  }
}

describe('Track', () => {
  it('puts packets where their timestamps say, in whatever order they come', () => {
    const clock = new Clock()
    // Timestamps wrap in the middle.
    const base = 0xffff_ffff - 2 * FRAME
    for (const [now, packet] of [
      [0, 0],
      [1, 1],
      [3, 3],
      [3, 2],
      [5, 5],
    ]) {
      clock.at(now)
      clock.say((base + packet * FRAME) >>> 0, packet + 1)
    }
    clock.finish()
    expect(clock.read.slice(0, 6)).toEqual([1, 2, 3, 4, 0, 6])
  })

  it('keeps a stall of two seconds as a gap, also when all that was held up comes in one burst', () => {
    const clock = new Clock()
    for (let n = 0; n < 400; n++) {
      clock.at(n)
      if (n < 100 || n > 200) clock.say(n * FRAME, n)
      else if (n === 200) for (let held = 100; held <= 200; held++) clock.say(held * FRAME, held)
    }
    clock.finish()
    const late = 200 - HELD_FRAMES
    expect(clock.read.slice(0, 399)).toEqual(Array.from({ length: 399 }, (_, n) => (n < 100 || n >= late ? n : 0)))
  })

  it('learns from what comes earlier that the first packet was late', () => {
    const clock = new Clock()
    clock.at(3)
    clock.say(0, 1)
    for (let n = 1; n < 10; n++) {
      clock.at(Math.max(n, 3))
      clock.say(n * FRAME, n + 1)
    }
    clock.finish()
    expect(clock.read.slice(3, 10)).toEqual([4, 5, 6, 7, 8, 9, 10])
  })

  it.each([200, -200])('follows a clock that is %d ppm off, a sample at a time', (ppm) => {
    const clock = new Clock()
    const places: number[] = []
    for (let n = 0; n < 90_000; n++) {
      clock.at(n)
      // Packets come when they are made by the sender's clock; a visit takes all that are there.
      const made = Math.floor(n * (1 + ppm * 1e-6))
      const before = Math.floor((n - 1) * (1 + ppm * 1e-6))
      for (let packet = Math.max(0, before + 1); packet <= made; packet++)
        places.push(clock.say(packet * FRAME, 1000) - n * FRAME)
    }
    // Half an hour would be 360 ms.
    expect(Math.max(...places.map(Math.abs))).toBeLessThanOrEqual(2 * FRAME)
    clock.finish()
    // A sample more or less now and then leaves no hole.
    const holes = clock.frames.slice(10, -10).filter((frame) => frame.some((sample) => sample === 0))
    expect(holes.length).toBeLessThan(25)
  })

  it('begins anew where a sender has stood still while it was silent', () => {
    const clock = new Clock()
    for (let n = 0; n < 50; n++) {
      clock.at(n)
      clock.say(n * FRAME, 1)
    }
    for (let n = 150; n < 300; n++) {
      clock.at(n)
      clock.say((n - 100) * FRAME, 2)
    }
    clock.finish()
    const found = clock.read.indexOf(2)
    // Half a second is lost until it is known, and nothing is out of step after that.
    expect(found).toBeGreaterThanOrEqual(150)
    expect(found).toBeLessThan(180)
    expect(clock.read.slice(found, 299).every((value) => value === 2)).toBe(true)
  })

  it('never breaks, whatever timestamps say', () => {
    const clock = new Clock(48_000)
    for (let n = 0; n < 2000; n++) {
      clock.at(n)
      clock.say((n * n * 7919) >>> 0, 1)
    }
    clock.finish()
    expect(clock.read.length).toBe(2000)
  })

  it('knows in which frames a key was pressed', () => {
    const clock = new Clock()
    clock.say(0, 1)
    clock.track.markKey(-50, 170)
    expect([0, 1, 2].map((frame) => clock.track.keyIsIn(frame))).toEqual([true, true, false])
    clock.track.advance()
    expect([0, 1].map((frame) => clock.track.keyIsIn(frame))).toEqual([true, false])
  })
})

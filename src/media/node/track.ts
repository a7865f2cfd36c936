import { diff32 } from '../../kit/index.ts'
import { copySamples } from '../dsp/copy.ts'
import type { Arena } from '../wasm/arena.ts'

/**
 * The sound of one direction of a leg on the clock of that leg, for recordings of both: every packet stands where its
 * RTP timestamp says, whenever it came. What was lost, and what was never sent, is silence, as long as it was. So both
 * tracks of a leg stay in step whatever the network does to either.
 *
 * Where a timestamp belongs is learnt from the packets that took the shortest way. Nothing can come before it was said:
 * one that seems to shows that the others were late. When all of twenty seconds are late, the sender's clock is slow or
 * the way has become longer. Small corrections are made a sample for each packet, which nobody hears.
 *
 * Places are counted in samples behind the head, the sample that is read next. Nothing is allocated after construction.
 */
export class Track {
  /** Samples that came when their turn was over. */
  tooLate = 0
  /** Samples in 20 ms. */
  readonly #frame: number
  readonly #ring: Int16Array
  /** In which of its frames a key was pressed. */
  readonly #keys: Uint8Array = new Uint8Array(FRAMES)
  readonly #ticksPerSample: number
  #head = 0
  /** A timestamp, and where its sound stands. */
  #isAnchored = false
  #timestamp = 0
  #at = 0
  /** Where the sound that was put last ends. */
  #endsAt = 0
  /** Samples by which the sound to come is to be moved. */
  #shift = 0
  /** Frames that were read since the anchor was cast, up to {@link YOUNG_FRAMES}, and in the window of {@link #leastLate}. */
  #age = 0
  #windowFrames = 0
  #noted = 0
  #leastLate = NONE
  /** Frames that were read since everything comes too late, -1 while that is not so; and how late at least. */
  #lostFrames = -1
  #leastLost = NONE

  /**
   * @param clockRateHz of the timestamps
   * @param sampleRateHz of the sound, 8,000 or 16,000
   */
  constructor(arena: Arena, clockRateHz: number, sampleRateHz: number) {
    this.#frame = sampleRateHz / 50
    this.#ring = arena.int16(FRAMES * this.#frame)
    this.#ticksPerSample = clockRateHz / sampleRateHz
  }

  /** Gives the memory back. Nothing is put or read any more. */
  release(arena: Arena): void {
    arena.release(this.#ring)
  }

  /** The next timestamp has nothing to do with those before: another source, or a stream that begins anew. */
  unanchor(): void {
    this.#isAnchored = false
  }

  /**
   * Where a packet belongs that has come now.
   * @param now where the present is
   */
  place(timestamp: number, now: number): number {
    if (!this.#isAnchored) this.#anchor(timestamp, now)
    this.#at += Math.round(diff32(timestamp, this.#timestamp) / this.#ticksPerSample)
    this.#timestamp = timestamp | 0
    const late = now - this.#at
    if (late < -FRAMES * this.#frame || late > LEAP_FRAMES * this.#frame) this.#anchor(timestamp, now)
    else if (late > HELD_FRAMES * this.#frame) this.#noteLost(late)
    else this.#note(late)
    this.#move()
    return this.#at
  }

  /** Where sound of that timestamp belongs as far as is known, `undefined` when nothing is. */
  whereIs(timestamp: number): number | undefined {
    if (!this.#isAnchored) return undefined
    return this.#at + Math.round(diff32(timestamp, this.#timestamp) / this.#ticksPerSample)
  }

  /** Puts `sound[0..count)` at its place. What of it is over already, or too far ahead, is left out. */
  put(sound: Int16Array, count: number, at: number): void {
    const ring = this.#ring
    // A shift by one sample leaves a hole of one.
    if (at === this.#endsAt + 1 && this.#endsAt >= 0) ring[(this.#head + this.#endsAt) % ring.length] = sound[0]!
    const end = Math.min(at + count, ring.length)
    if (at < 0) this.tooLate += Math.min(count, -at)
    for (let i = Math.max(at, 0); i < end; i++) ring[(this.#head + i) % ring.length] = sound[i - at]!
    this.#endsAt = at + count
  }

  /** A key is pressed in these samples: see {@link keyIsIn}. */
  markKey(from: number, to: number): void {
    const frame = this.#frame
    for (let at = Math.floor(Math.max(from, 0) / frame); at * frame < to && at < FRAMES; at++)
      this.#keys[(this.#head / frame + at) % FRAMES] = 1
  }

  /** Whether a key was pressed in the frame that is `frames` behind the head. */
  keyIsIn(frames: number): boolean {
    return this.#keys[(this.#head / this.#frame + frames) % FRAMES] === 1
  }

  /** Copies the frame that is `frames` behind the head. */
  copyInto(frame: Int16Array, frames: number): void {
    copySamples(this.#ring, (this.#head + frames * this.#frame) % this.#ring.length, this.#frame, frame, 0)
  }

  /** Moves the head on by a frame. */
  advance(): void {
    const frame = this.#frame
    this.#ring.fill(0, this.#head, this.#head + frame)
    this.#keys[this.#head / frame] = 0
    this.#head = (this.#head + frame) % this.#ring.length
    this.#at -= frame
    this.#endsAt -= frame
    if (this.#age < YOUNG_FRAMES) this.#age++
    if (this.#lostFrames >= 0) this.#lostFrames++
    if (++this.#windowFrames >= WINDOW_FRAMES) this.#endWindow()
  }

  #anchor(timestamp: number, now: number): void {
    this.#isAnchored = true
    this.#timestamp = timestamp | 0
    this.#at = now
    this.#shift = 0
    this.#age = 0
    this.#lostFrames = -1
    this.#beginWindow()
  }

  #note(late: number): void {
    this.#lostFrames = -1
    this.#noted++
    if (late < this.#leastLate) this.#leastLate = late
    if (late < 0) this.#shift = late
  }

  /** In a burst after a stall these come at once; when they come for half a second, it is no burst. */
  #noteLost(late: number): void {
    if (this.#lostFrames < 0) {
      this.#lostFrames = 0
      this.#leastLost = NONE
    }
    if (late < this.#leastLost) this.#leastLost = late
    if (this.#lostFrames < LOST_FRAMES) return
    this.#lostFrames = -1
    this.#shift = this.#leastLost
  }

  #move(): void {
    if (this.#shift === 0) return
    const isAtOnce = this.#age < YOUNG_FRAMES || Math.abs(this.#shift) > MOST_SLEWED_FRAMES * this.#frame
    const step = isAtOnce ? this.#shift : Math.sign(this.#shift)
    this.#at += step
    this.#shift -= step
  }

  #endWindow(): void {
    if (this.#noted >= LEAST_NOTED && this.#leastLate > 0) this.#shift = this.#leastLate
    this.#beginWindow()
  }

  #beginWindow(): void {
    this.#windowFrames = 0
    this.#noted = 0
    this.#leastLate = NONE
  }
}

/** How long sound waits for what comes late, in frames of 20 ms. */
export const HELD_FRAMES = 20
/** What the ring holds: a second. */
export const FRAMES = 50
/** In the first five seconds, in which little is known of the way, corrections are made at once. */
const YOUNG_FRAMES = 250
const WINDOW_FRAMES = 1000
const LEAST_NOTED = 100
const LOST_FRAMES = 25
/** More than that at once is another way through the network, not a clock. */
const MOST_SLEWED_FRAMES = 3
/** A minute: timestamps that are so far off mean nothing. */
const LEAP_FRAMES = 3000
const NONE = 2 ** 30

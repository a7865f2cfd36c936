import { copySamples } from '../dsp/copy.ts'
import type { TapRing } from '../engine/control.ts'

/** Of a block. */
export const TAP_BLOCK_MS = 20

/** Makes the ring that a tap puts the far end's sound into: 1.28 s of it, 20 kB at 8 kHz. */
export function createTapRing(sampleRateHz: TapRing['sampleRateHz'] = 8000): TapRing {
  return {
    sampleRateHz,
    control: new Int32Array(new SharedArrayBuffer(8)),
    data: new Int16Array(new SharedArrayBuffer(2 * BLOCKS * blockSamples(sampleRateHz))),
    madeUp: new Uint8Array(new SharedArrayBuffer(BLOCKS)),
  }
}

/** The writing end, on a media thread: it allocates nothing and waits for nobody. */
export class TapWriter {
  readonly #ring: TapRing
  readonly #blockSamples: number
  #written = 0

  constructor(ring: TapRing) {
    this.#ring = ring
    this.#blockSamples = blockSamples(ring.sampleRateHz)
    // Another engine may have begun it.
    this.#written = Atomics.load(ring.control, WRITTEN)
  }

  /**
   * Puts the next block in, over the oldest.
   * @param isWhole false when some of it was made up for packets that were lost or late
   * @returns whether the reader is to be told of it
   */
  write(frame: Int16Array, isWhole: boolean): boolean {
    const { data, control, madeUp } = this.#ring
    const samples = this.#blockSamples
    const place = this.#written & (BLOCKS - 1)
    copySamples(frame, 0, samples, data, place * samples)
    madeUp[place] = isWhole ? 0 : 1
    this.#written = (this.#written + 1) | 0
    Atomics.store(control, WRITTEN, this.#written)
    return Atomics.exchange(control, TOLD, 1) === 0
  }
}

/** The reading end. */
export class TapReader {
  /** Blocks that were lost because they were not read in time. */
  lost = 0
  /** Whether the block that was read last is all sound that came, and nothing made up for what did not. */
  wasWhole = true
  readonly #ring: TapRing
  readonly #blockSamples: number
  #read = 0

  constructor(ring: TapRing) {
    this.#ring = ring
    this.#blockSamples = blockSamples(ring.sampleRateHz)
  }

  /** Asks to be told of what comes from now on. Call it before {@link read}. */
  listen(): void {
    Atomics.store(this.#ring.control, TOLD, 0)
  }

  /** The next block, or `undefined` when there is none yet. */
  read(): Int16Array | undefined {
    for (;;) {
      const waiting = this.#waiting
      if (waiting <= 0) return undefined
      // The one that is being written now may be the oldest.
      if (waiting >= BLOCKS) this.#lose(waiting - BLOCKS + 1)
      const place = this.#read & (BLOCKS - 1)
      const at = place * this.#blockSamples
      const block = this.#ring.data.slice(at, at + this.#blockSamples)
      const wasWhole = this.#ring.madeUp[place] === 0
      if (this.#waiting >= BLOCKS) continue
      this.wasWhole = wasWhole
      this.#read = (this.#read + 1) | 0
      return block
    }
  }

  get #waiting(): number {
    return (Atomics.load(this.#ring.control, WRITTEN) - this.#read) | 0
  }

  #lose(count: number): void {
    this.lost += count
    this.#read = (this.#read + count) | 0
  }
}

function blockSamples(sampleRateHz: number): number {
  return (sampleRateHz * TAP_BLOCK_MS) / 1000
}

/** A power of two. */
const BLOCKS = 64
/** Places in `control`. Blocks are counted, and the count wraps at 2^31. */
const WRITTEN = 0
const TOLD = 1

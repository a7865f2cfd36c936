import type { Kernels } from '../wasm/kernels.ts'
import { HIGH_GROUP_HZ, LOW_GROUP_HZ } from './digits.ts'

/** Samples in one look at the tones: 20 ms, of which half are new (10 ms) each time. */
export const WINDOW = 160
export const HOP = 80
/** Samples that are heard at a time, at most: 120 ms. */
export const PACKET = 960

/** Samples times this under the window, summed over all of it, fit 32 bits. */
const ROW_PEAK = 800

/** The eight frequencies of the keypad, low group first. */
export const KEYPAD_HZ: readonly number[] = [...LOW_GROUP_HZ, ...HIGH_GROUP_HZ]

/**
 * Rows to correlate a window of samples with: for each frequency of the keypad a cosine and a sine under a Hann
 * window.
 */
const TONE_ROWS: Int16Array = new Int16Array(2 * KEYPAD_HZ.length * WINDOW)

/** What a row makes of a sine of peak 1 at its very frequency. */
export const ROW_GAIN = (ROW_PEAK * WINDOW) / 4

/** The Hann window, to measure the energy that a row could see at most. */
const HANN_ROW: Int16Array = new Int16Array(WINDOW)

/** What {@link ToneBank.energy} is for a sine of peak 1. */
export const ENERGY_OF_SINE: number = ((3 / 8) * WINDOW) / 2

for (let i = 0; i < WINDOW; i++) {
  const hann = 0.5 - 0.5 * Math.cos((2 * Math.PI * (i + 0.5)) / WINDOW)
  HANN_ROW[i] = Math.min(0x7fff, Math.round(0x8000 * hann))
  for (const [tone, frequencyHz] of KEYPAD_HZ.entries()) {
    const phase = (2 * Math.PI * frequencyHz * i) / 8000
    TONE_ROWS[2 * tone * WINDOW + i] = Math.round(ROW_PEAK * hann * Math.cos(phase))
    TONE_ROWS[(2 * tone + 1) * WINDOW + i] = Math.round(-ROW_PEAK * hann * Math.sin(phase))
  }
}

/**
 * Correlates sound with the tones, for all detectors of a thread: rows and room stand where the kernels reach them, and
 * in the processor's cache, which what each of a thousand detectors keeps does not.
 */
export class ToneBank {
  readonly #kernels: Kernels
  readonly #hann: Int16Array
  /** Room for what a detector has kept, {@link WINDOW}, and behind it for the sound of a packet, {@link PACKET}. */
  readonly sound: Int16Array
  /** What {@link correlate} has found last: real and imaginary part of tone t stand at `2t` and `2t + 1`. */
  readonly tones: Int32Array = new Int32Array(2 * KEYPAD_HZ.length)
  readonly #low: Int16Array
  readonly #high: Int16Array
  readonly #products: Int32Array

  constructor(kernels: Kernels) {
    const { arena } = kernels
    this.#kernels = kernels
    this.sound = arena.int16(WINDOW + PACKET)
    this.#hann = arena.int16(WINDOW)
    this.#hann.set(HANN_ROW)
    this.#low = arena.int16(8 * WINDOW)
    this.#high = arena.int16(8 * WINDOW)
    this.#products = arena.int32(8)
    this.#low.set(TONE_ROWS.subarray(0, 8 * WINDOW))
    this.#high.set(TONE_ROWS.subarray(8 * WINDOW))
  }

  /** Room for the samples that a detector keeps, less than a window. */
  open(): Int16Array {
    return this.#kernels.arena.int16(WINDOW)
  }

  /** Takes it back. */
  close(samples: Int16Array): void {
    this.#kernels.arena.release(samples)
  }

  /** Puts `count` of `sound` into `samples` at `at`. */
  load(sound: Int16Array, from: number, count: number, samples: Int16Array, at: number): void {
    this.#kernels.copySamples(sound, from, count, samples, at)
  }

  /** The energy of the window of {@link sound} that begins at `from`, under the window that the rows have. */
  energy(from: number): number {
    return this.#kernels.shapedEnergy(this.sound, from, this.#hann)
  }

  /** Correlates that window with the low or the high group of {@link tones}. */
  correlate(from: number, group: 'low' | 'high'): void {
    const isLow = group === 'low'
    this.#kernels.dotBankInto(this.sound, from, WINDOW, isLow ? this.#low : this.#high, this.#products)
    const first = isLow ? 0 : 8
    for (let i = 0; i < 8; i++) this.tones[first + i] = this.#products[i]!
  }
}

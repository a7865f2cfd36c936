import { HIGH_GROUP_HZ, LOW_GROUP_HZ } from './digits.ts'

/** Samples in one look at the tones: 20 ms, of which half are new (10 ms) each time. */
export const WINDOW = 160
export const HOP = 80

/** Samples times this, summed over a quarter of a window, fit 32 bits. */
const ROW_PEAK = 2048

/** The eight frequencies of the keypad, low group first. */
export const KEYPAD_HZ: readonly number[] = [...LOW_GROUP_HZ, ...HIGH_GROUP_HZ]

/**
 * Rows to correlate a window of samples with: for each frequency of the keypad a cosine and a sine under a Hann
 * window.
 */
export const TONE_ROWS: Int16Array = new Int16Array(2 * KEYPAD_HZ.length * WINDOW)

/** What a row makes of a sine of peak 1 at its very frequency. */
export const ROW_GAIN = (ROW_PEAK * WINDOW) / 4

/** The square of the Hann window, to measure the energy that a row could see at most. */
const ENERGY_ROW = new Float64Array(WINDOW)

/** What {@link windowEnergy} is for a sine of peak 1. */
export const ENERGY_OF_SINE: number = ((3 / 8) * WINDOW) / 2

for (let i = 0; i < WINDOW; i++) {
  const hann = 0.5 - 0.5 * Math.cos((2 * Math.PI * (i + 0.5)) / WINDOW)
  ENERGY_ROW[i] = hann * hann
  for (const [tone, frequencyHz] of KEYPAD_HZ.entries()) {
    const phase = (2 * Math.PI * frequencyHz * i) / 8000
    TONE_ROWS[2 * tone * WINDOW + i] = Math.round(ROW_PEAK * hann * Math.cos(phase))
    TONE_ROWS[(2 * tone + 1) * WINDOW + i] = Math.round(-ROW_PEAK * hann * Math.sin(phase))
  }
}

/** The energy of `samples[at..at + WINDOW)` under the window that the rows have. */
export function windowEnergy(samples: Int16Array, at: number): number {
  let sum = 0
  for (let i = 0; i < WINDOW; i++) sum += ENERGY_ROW[i]! * samples[at + i]! * samples[at + i]!
  return sum
}

/**
 * Correlates `samples[at..at + WINDOW)` with the rows of four tones from `first` on: real and imaginary part of
 * tone t go to `into[2t]` and `into[2t + 1]`.
 */
export function correlateTones(samples: Int16Array, at: number, first: number, into: Float64Array): void {
  for (let tone = first; tone < first + 4; tone += 2) {
    const row = 2 * tone * WINDOW
    let re0 = 0
    let im0 = 0
    let re1 = 0
    let im1 = 0
    for (let i = 0; i < WINDOW; i++) {
      const sample = samples[at + i]!
      re0 += sample * TONE_ROWS[row + i]!
      im0 += sample * TONE_ROWS[row + WINDOW + i]!
      re1 += sample * TONE_ROWS[row + 2 * WINDOW + i]!
      im1 += sample * TONE_ROWS[row + 3 * WINDOW + i]!
    }
    into[2 * tone] = re0
    into[2 * tone + 1] = im0
    into[2 * tone + 2] = re1
    into[2 * tone + 3] = im1
  }
}

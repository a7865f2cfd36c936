import type { Kernels } from '../wasm/kernels.ts'
import { Resampler } from './resampler.ts'

/** The way from 8 to 16 kHz and back, and room for the samples on either side: what all streams of a thread share. */
export interface TwoRates {
  readonly up: Resampler
  readonly down: Resampler
  /** In the kernels' memory: {@link MAX_MS} of samples at 16 kHz and at 8 kHz. */
  readonly wide: Int16Array
  readonly narrow: Int16Array
}

/** The most that is taken at once, in milliseconds. */
export const MAX_MS = 80

export function twoRates(kernels: Kernels): TwoRates {
  const { arena } = kernels
  return {
    up: new Resampler(kernels, 8000, 16_000, 8 * MAX_MS),
    down: new Resampler(kernels, 16_000, 8000, 16 * MAX_MS),
    wide: arena.int16(16 * MAX_MS),
    narrow: arena.int16(8 * MAX_MS),
  }
}

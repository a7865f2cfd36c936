import type { SampleRateHz } from '../codec/codec-rates.ts'
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

/** Takes a frame of either rate, and hands it on at another; valid until the next. */
export type RateChange = (
  frame: Int16Array,
  rateHz: SampleRateHz,
  then: (frame: Int16Array, length: number) => void,
) => void

/** Brings the frames of one stream, of either rate, to `wantedHz`. */
export function toRate(rates: () => TwoRates, wantedHz: SampleRateHz = 8000): RateChange {
  let past: Int16Array | undefined
  return (frame, rateHz, then) => {
    const length = rateHz / 50
    if (rateHz === wantedHz) {
      then(frame, length)
      return
    }
    const { up, down, wide, narrow } = rates()
    const [way, into] = wantedHz === 16_000 ? [up, wide] : [down, narrow]
    if (past?.length !== way.past) past = new Int16Array(way.past)
    then(into, way.process(past, frame, 0, length, into, 0))
  }
}

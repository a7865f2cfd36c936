import { kaiserSinc } from './kaiser.ts'
import { saturate } from './mix.ts'

/**
 * Takes a whole recording from `fromHz` to `toHz` through a windowed-sinc low-pass filter (Kaiser window; the
 * arbitrary-ratio form of J. O. Smith, "Digital Audio Resampling Home Page"). The filter is sampled finely once and
 * interpolated between its points, so that any ratio costs the same and no table grows with the ratio.
 *
 * Going down to 8 kHz it is flat within 0.1 dB to 3.4 kHz, and what would fold back below that is 60 dB down.
 * Not for the hot path: it allocates the result.
 */
export function resample(samples: Int16Array, fromHz: number, toHz: number): Int16Array {
  if (fromHz === toHz) return samples
  const length = Math.floor((samples.length * toHz) / fromHz)
  const into = new Int16Array(length)
  // The filter is as wide, in input samples, as the slower of the two rates needs.
  const step = Math.min(1, toHz / fromHz)
  const reach = HALF_WIDTH / step
  for (let i = 0; i < length; i++) {
    const centre = (i * fromHz) / toHz
    const first = Math.max(0, Math.ceil(centre - reach))
    const last = Math.min(samples.length - 1, Math.floor(centre + reach))
    let sum = 0
    let weights = 0
    for (let k = first; k <= last; k++) {
      const weight = kernelAt(Math.abs(k - centre) * step)
      sum += samples[k]! * weight
      weights += weight
    }
    // Dividing by the weights that were met keeps the gain at 1 between the filter's points and at both ends.
    into[i] = saturate(Math.round(sum / weights))
  }
  return into
}

/** Half the filter's length, in samples of the slower rate. */
const HALF_WIDTH = 32
const POINTS_PER_SAMPLE = 256
/** Where the filter is 6 dB down, as a part of the slower rate's half: 3.7 kHz at 8 kHz. */
const CUTOFF = 0.925
const KAISER_BETA = 6

const kernel: Float64Array = Float64Array.from({ length: HALF_WIDTH * POINTS_PER_SAMPLE + 2 }, (_, i) =>
  kaiserSinc(i / POINTS_PER_SAMPLE, HALF_WIDTH, CUTOFF, KAISER_BETA),
)

function kernelAt(distance: number): number {
  const point = distance * POINTS_PER_SAMPLE
  const index = Math.trunc(point)
  return kernel[index]! + (point - index) * (kernel[index + 1]! - kernel[index]!)
}

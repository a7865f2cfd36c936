import { integerBelow, seededRandom } from '../../kit/index.ts'
import type { AudioClip } from '../engine/play-source.ts'

/** Something speech-like: loud and soft syllables of coloured noise, the same for the same seed. */
export function speechLike(durationMs: number, seed = 1): Int16Array {
  const random = seededRandom(seed)
  const samples = new Int16Array(durationMs * 8)
  let smooth = 0
  for (let i = 0; i < samples.length; i++) {
    const syllable = 0.3 + 0.7 * Math.abs(Math.sin((Math.PI * i) / 1600))
    smooth = 0.7 * smooth + (integerBelow(random, 8000) - 4000)
    samples[i] = Math.round(smooth * syllable)
  }
  return samples
}

export function clipOf(samples: Int16Array): AudioClip {
  return { encoding: 'pcm16', sampleRateHz: 8000, data: samples }
}

/** Where `part` is found within `whole`, and how alike they are there (1 for the same but for loudness). */
export function bestMatch(whole: Int16Array, part: Int16Array, maxOffset = whole.length - part.length): Match {
  let best: Match = { offset: 0, correlation: -1 }
  for (let offset = 0; offset <= maxOffset; offset++) {
    const correlation = correlationAt(whole, part, offset)
    if (correlation > best.correlation) best = { offset, correlation }
  }
  return best
}

export interface Match {
  readonly offset: number
  readonly correlation: number
}

/** How alike `part` and the samples of `whole` from `offset` on are: 1 for the same but for loudness. */
export function correlationAt(whole: Int16Array, part: Int16Array, offset: number): number {
  let product = 0
  let wholeEnergy = 0
  let partEnergy = 0
  for (let i = 0; i < part.length; i++) {
    const a = whole[offset + i]
    const b = part[i]
    product += a * b
    wholeEnergy += a * a
    partEnergy += b * b
  }
  return product / Math.sqrt(wholeEnergy * partEnergy || 1)
}

import { type Random, uniform } from '../../../src/kit/index.ts'

/** Samples for each millisecond: all sound is 8 kHz. */
export const PER_MS = 8
/** Amplitude of a sine of 0 dBm0, in 16-bit sample units (G.711 section 4). */
const PEAK_OF_0_DBM0 = 32_768 * 10 ** (-3.14 / 20)

/** Root mean square of a signal of a level, in 16-bit sample units. */
export function rmsAt(levelDbm0: number): number {
  return (PEAK_OF_0_DBM0 / Math.SQRT2) * 10 ** (levelDbm0 / 20)
}

export function peakAt(levelDbm0: number): number {
  return PEAK_OF_0_DBM0 * 10 ** (levelDbm0 / 20)
}

/** In dBm0; -100 for digital silence. */
export function levelOf(samples: ArrayLike<number>, from = 0, to: number = samples.length): number {
  let sum = 0
  for (let i = from; i < to; i++) sum += samples[i]! * samples[i]!
  if (sum === 0) return -100
  return Math.max(-100, 20 * Math.log10(Math.sqrt(sum / (to - from)) / rmsAt(0)))
}

/** Sums of sines with a common envelope: what beeps and signals are made of. */
export interface ToneShape {
  readonly durationMs: number
  /** Frequencies in Hz at the beginning, and at the end where they glide. */
  readonly hz: readonly number[]
  readonly endHz?: readonly number[]
  readonly attackMs?: number
  readonly releaseMs?: number
  readonly isSquare?: boolean
}

/** The whole tone at a level of `levelDbm0`. */
export function toneOf(shape: ToneShape, levelDbm0: number): Float32Array {
  const { durationMs, hz, endHz = hz, attackMs = 2, releaseMs = 2, isSquare = false } = shape
  const samples = new Float32Array(Math.round(durationMs * PER_MS))
  const amplitude = peakAt(levelDbm0) / Math.sqrt(hz.length)
  for (const [n, first] of hz.entries()) {
    let phase = n * 0.7
    for (let i = 0; i < samples.length; i++) {
      phase += (2 * Math.PI * (first + ((endHz[n]! - first) * i) / samples.length)) / 8000
      const wave = isSquare ? square(phase, first) : Math.sin(phase)
      samples[i] = samples[i]! + amplitude * wave
    }
  }
  fade(samples, attackMs, releaseMs)
  return samples
}

/** Of the partials that the line carries. */
function square(phase: number, hz: number): number {
  let sum = 0
  for (let partial = 1; partial * hz < 3400; partial += 2) sum += Math.sin(partial * phase) / partial
  return 0.9 * sum
}

export function fade(samples: Float32Array, attackMs: number, releaseMs: number): void {
  const rise = Math.min(samples.length, Math.round(attackMs * PER_MS))
  const fall = Math.min(samples.length, Math.round(releaseMs * PER_MS))
  for (let i = 0; i < rise; i++) samples[i] = (samples[i]! * i) / rise
  for (let i = 0; i < fall; i++) samples[samples.length - 1 - i] = (samples[samples.length - 1 - i]! * i) / fall
}

/** Noise of a level, by the shape of its spectrum: `white`, `pink` (3 dB an octave) or `brown` (6 dB). */
export function noiseOf(
  colour: 'white' | 'pink' | 'brown',
  length: number,
  levelDbm0: number,
  random: Random,
): Float32Array {
  const samples = new Float32Array(length)
  let [slow, middle, fast] = [0, 0, 0]
  for (let i = 0; i < length; i++) {
    // Two uniform values make it round enough.
    const white = uniform(random) + uniform(random) - 1
    if (colour === 'white') samples[i] = white
    else if (colour === 'brown') {
      slow = 0.985 * slow + white
      samples[i] = slow
    } else {
      slow = 0.99765 * slow + white * 0.099
      middle = 0.963 * middle + white * 0.2965
      fast = 0.57 * fast + white * 1.0527
      samples[i] = slow + middle + fast + white * 0.1848
    }
  }
  scaleTo(samples, levelDbm0)
  return samples
}

/** Scales all to a level; silence stays silence. */
export function scaleTo(samples: Float32Array, levelDbm0: number): void {
  const now = levelOf(samples)
  if (now <= -100) return
  gain(samples, levelDbm0 - now)
}

export function gain(samples: Float32Array, db: number): void {
  const factor = 10 ** (db / 20)
  for (let i = 0; i < samples.length; i++) samples[i] = samples[i]! * factor
}

/** Adds `sound` to `samples` from the place `at`, as far as there is room. */
export function mixInto(samples: Float32Array, sound: ArrayLike<number>, at: number, factor = 1): void {
  const from = Math.max(0, -at)
  const to = Math.min(sound.length, samples.length - at)
  for (let i = from; i < to; i++) samples[at + i] = samples[at + i]! + factor * sound[i]!
}

/**
 * Levels of a telephone line. 0 dBm0 is the level of a sine whose peak lies 3.14 dB below the overload point of
 * A-law (G.711 section 4, table 5); µ-law overloads at 3.17 dBm0, which is the same within 0.03 dB.
 */

/** Peak, in 16-bit sample units, of a sine of 0 dBm0. */
export const PEAK_OF_0_DBM0: number = 32_768 * 10 ** (-3.14 / 20)

/** Peak, in 16-bit sample units, of a sine of `level` dBm0. */
export function sinePeak(levelDbm0: number): number {
  return PEAK_OF_0_DBM0 * 10 ** (levelDbm0 / 20)
}

/** The sum of the squares of `length` samples from `from`. */
export function energy(samples: Int16Array, from = 0, length: number = samples.length - from): number {
  let sum = 0
  for (let i = from; i < from + length; i++) sum += samples[i]! * samples[i]!
  return sum
}

/**
 * Whether {@link energy} is less than `limit`. What is loud is known after a few samples, and no number is handed back,
 * which would be an object.
 */
export function hasLessEnergy(samples: Int16Array, from: number, length: number, limit: number): boolean {
  let sum = 0
  for (let i = from; i < from + length && sum < limit; i++) sum += samples[i]! * samples[i]!
  return sum < limit
}

/**
 * The sum of the squares of `samples[at..at + shape.length)`, each first multiplied by its place in `shape` and rounded
 * to a whole number: what a window sees of the sound. `shape` is in 32,768ths and nowhere -32,768.
 */
export function shapedEnergy(samples: Int16Array, at: number, shape: Int16Array): number {
  let sum = 0
  for (let i = 0; i < shape.length; i++) {
    const shaped = (samples[at + i]! * shape[i]! + 0x4000) >> 15
    sum += shaped * shaped
  }
  return sum
}

/** The energy that `length` samples of a sine of `level` dBm0 have: a threshold to hold {@link energy} against. */
export function energyAtLevel(levelDbm0: number, length: number): number {
  return (sinePeak(levelDbm0) ** 2 / 2) * length
}

/** The level of `samples` in dBm0; digital silence is `-Infinity`. */
export function levelDbm0(samples: Int16Array): number {
  return 10 * Math.log10(energy(samples) / energyAtLevel(0, samples.length))
}

import { PEAK_OF_0_DBM0 } from './level.ts'

/**
 * The level in dBm0 of one frequency within `samples` at 8 kHz (Goertzel, 1958). Its resolution is
 * 8,000 / `samples.length` Hz, so 50 ms of samples tell tones apart that lie 20 Hz from each other.
 */
export function toneLevelDbm0(samples: Int16Array, frequencyHz: number): number {
  const omega = (2 * Math.PI * frequencyHz) / 8000
  const coefficient = 2 * Math.cos(omega)
  let previous = 0
  let beforePrevious = 0
  for (let i = 0; i < samples.length; i++) {
    const current = samples[i]! + coefficient * previous - beforePrevious
    beforePrevious = previous
    previous = current
  }
  const power = previous ** 2 + beforePrevious ** 2 - coefficient * previous * beforePrevious
  const peak = (2 * Math.sqrt(Math.max(power, 0))) / samples.length
  return 20 * Math.log10(peak / PEAK_OF_0_DBM0)
}

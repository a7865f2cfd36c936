import { limit } from './mix.ts'

/** Gains are whole numbers of 1/1024, which need no object of their own. */
export const GAIN_BITS = 10
export const UNITY_GAIN: number = 2 ** GAIN_BITS

/** The gain of so many decibels, up to 30. */
export function gainOf(decibels: number): number {
  return Math.round(UNITY_GAIN * 10 ** (decibels / 20))
}

/** Makes the first `length` samples louder or softer, from one gain to another without a step, through {@link limit}. */
export function amplify(samples: Int16Array, length: number, from: number, to: number): void {
  const step = gainStep(length, from, to)
  let gain = from << GAIN_BITS
  for (let i = 0; i < length; i++) {
    samples[i] = limit((samples[i]! * (gain >> GAIN_BITS)) >> GAIN_BITS)
    gain += step
  }
}

/** From sample to sample, in 1/1024 of what gains are counted in. */
export function gainStep(length: number, from: number, to: number): number {
  return (((to - from) << GAIN_BITS) / length) | 0
}

import { limit } from './mix.ts'

/** A gain of 1: gains are whole numbers of 1/4096, which need no object of their own. */
export const UNITY_GAIN = 4096

/** The gain of so many decibels. */
export function gainOf(decibels: number): number {
  return Math.round(UNITY_GAIN * 10 ** (decibels / 20))
}

/** Makes the first `length` samples louder or softer, from one gain to another without a step, through {@link limit}. */
export function amplify(samples: Int16Array, length: number, from: number, to: number): void {
  const step = (to - from) / length
  for (let i = 0; i < length; i++) samples[i] = limit(Math.round((samples[i]! * (from + step * i)) / UNITY_GAIN))
}

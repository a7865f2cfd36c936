import { RateConverter } from './rate-converter.ts'

/** Takes a whole recording from `fromHz` to `toHz`, see {@link RateConverter}. */
export function resample(samples: Int16Array, fromHz: number, toHz: number): Int16Array {
  if (fromHz === toHz) return samples
  const converter = new RateConverter(fromHz, toHz)
  const [most, rest] = [converter.push(samples), converter.finish()]
  const into = new Int16Array(most.length + rest.length)
  into.set(most)
  into.set(rest, most.length)
  return into
}

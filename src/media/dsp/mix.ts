/**
 * Mixing: everything that is heard is added up once in 32 bits, and each party hears the sum without itself. The sum
 * is taken back to 16 bits by a soft limiter, so two who speak loudly at once are pressed together and not clipped.
 */

/** Adds `length` samples to the sums of a mix, which hold 65,536 full-scale voices. */
export function mixAdd(samples: Int16Array, sums: Int32Array, length: number = samples.length): void {
  for (let i = 0; i < length; i++) sums[i] = sums[i]! + samples[i]!
}

/** Begins the sums of a mix with `length` samples, whatever was in them. */
export function mixBegin(samples: Int16Array, sums: Int32Array, length: number = samples.length): void {
  for (let i = 0; i < length; i++) sums[i] = samples[i]!
}

/** Takes `length` sums back to 16 bits through {@link limit}: what they hear who only listen. */
export function limitInto(sums: Int32Array, into: Int16Array, length: number = into.length): void {
  for (let i = 0; i < length; i++) into[i] = limit(sums[i]!)
}

/** What a party hears whose samples `own` are part of the sums: everybody else. */
export function unmixInto(sums: Int32Array, own: Int16Array, into: Int16Array, length: number = own.length): void {
  for (let i = 0; i < length; i++) into[i] = limit(sums[i]! - own[i]!)
}

/**
 * A soft limiter without memory: straight to -2.5 dBFS, from there half as steep and from full scale on a quarter as
 * steep, until at 3.5 dB above full scale nothing more is let through. One party alone, up to 0.6 dBm0, passes
 * untouched. The curve bends one way only, so it is the lowest of its four lines.
 */
export function limit(value: number): number {
  const magnitude = Math.abs(value)
  const limited = Math.min(magnitude, (magnitude >> 1) + 12_288, (magnitude >> 2) + 20_480, 32_767)
  return value < 0 ? -limited : limited
}

/** Limits one value to what 16 bits hold. */
export function saturate(value: number): number {
  return Math.max(-32_768, Math.min(32_767, value))
}

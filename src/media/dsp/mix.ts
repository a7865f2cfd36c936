/** Adds `samples` to the sums of a mix. Sums are 32 bits wide: 65,536 full-scale voices fit. */
export function mixAdd(samples: Int16Array, sums: Int32Array): void {
  for (let i = 0; i < samples.length; i++) sums[i] = sums[i]! + samples[i]!
}

/** Takes `sums` back to 16 bits, limited to full scale. */
export function saturateInto(sums: Int32Array, into: Int16Array): void {
  for (let i = 0; i < into.length; i++) into[i] = saturate(sums[i]!)
}

/** Limits one value to what 16 bits hold. */
export function saturate(value: number): number {
  return Math.max(-32_768, Math.min(32_767, value))
}

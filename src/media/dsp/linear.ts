/**
 * Reads `samples` along straight lines between them: output `n` lies at `phase + n * step`, both in samples with 16
 * bits after the point. Good enough to stretch or shorten a frame by a sample or two, which follows a far end whose
 * clock drifts; to change between rates take {@link polyphaseInto}.
 *
 * The caller has checked that a sample stands behind the last one that is read.
 */
export function linearInto(
  samples: Int16Array,
  phase: number,
  step: number,
  into: Int16Array,
  count: number = into.length,
): void {
  for (let n = 0; n < count; n++) {
    const at = phase + n * step
    const left = samples[at >>> 16]!
    const right = samples[(at >>> 16) + 1]!
    // 15 bits of the fraction: a difference of two samples has 17, and all arithmetic is in 32.
    into[n] = left + (((right - left) * ((at & 0xffff) >> 1)) >> 15)
  }
}

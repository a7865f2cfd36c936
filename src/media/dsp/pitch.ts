/**
 * Looks for the period of a voice: the lag between `minLag` and `maxLag` at which the `window` samples before `end`
 * are most like those one lag earlier. Returns the lag; how alike they are is in {@link pitchMatch}. Coarse first,
 * on every second sample and lag, then fine around the best, as G.711 Appendix I proposes.
 *
 * Reads `samples[end - window - maxLag..end)`: the caller has checked that this is within the array.
 */
export function findPitch(samples: Int16Array, end: number, window: number, minLag: number, maxLag: number): number {
  let best = minLag
  let bestMatch = -2
  for (let lag = minLag; lag <= maxLag; lag += 2) {
    const match = pitchMatch(samples, end, window, lag, 2)
    if (match > bestMatch) {
      bestMatch = match
      best = lag
    }
  }
  const coarse = best
  bestMatch = -2
  for (let lag = Math.max(minLag, coarse - 1); lag <= Math.min(maxLag, coarse + 1); lag++) {
    const match = pitchMatch(samples, end, window, lag, 1)
    if (match > bestMatch) {
      bestMatch = match
      best = lag
    }
  }
  return best
}

/**
 * How alike the `window` samples before `end` are to those `lag` earlier: their normalised correlation, 1 for the
 * same shape, 0 for nothing in common or silence. Looks at every `step`th sample.
 */
export function pitchMatch(samples: Int16Array, end: number, window: number, lag: number, step: number): number {
  let product = 0
  let energy = 0
  let earlierEnergy = 0
  for (let i = end - window; i < end; i += step) {
    const sample = samples[i]!
    const earlier = samples[i - lag]!
    product += sample * earlier
    energy += sample * sample
    earlierEnergy += earlier * earlier
  }
  return product / Math.sqrt(energy * earlierEnergy + 1)
}

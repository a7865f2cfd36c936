/** A share of what was counted, with the interval that holds the true share 95 times in 100. All are 0 to 1. */
export interface Share {
  readonly share: number
  readonly low: number
  readonly high: number
  /** Of how many. For a mix of several shares: the size of the one sample that would tell as much. */
  readonly count: number
}

/** Of the normal distribution, two-sided, 95 %. */
const Z = 1.959964

/** The score interval of E. B. Wilson (1927): unlike the textbook's it is right near 0 and 1, and for few counts. */
export function wilson(part: number, count: number): Share {
  if (count === 0) return { share: Number.NaN, low: 0, high: 1, count }
  const share = part / count
  const norm = 1 + (Z * Z) / count
  const centre = share + (Z * Z) / (2 * count)
  const spread = Z * Math.sqrt((share * (1 - share)) / count + (Z * Z) / (4 * count * count))
  const low = part === 0 ? 0 : Math.max(0, (centre - spread) / norm)
  const high = part === count ? 1 : Math.min(1, (centre + spread) / norm)
  return { share, low, high, count }
}

/** The value below which a share `p` (0 to 1) of them lies; NaN for none. */
export function percentile(values: readonly number[], p: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(p * sorted.length))] ?? Number.NaN
}

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

/** Shares of several strata mixed by weight: that of a sample as large as would have the same variance. */
export function mixed(
  parts: readonly { readonly weight: number; readonly part: number; readonly count: number }[],
): Share {
  const known = parts.filter(({ count, weight }) => count > 0 && weight > 0)
  const whole = known.reduce((sum, { weight }) => sum + weight, 0)
  if (whole === 0) return wilson(0, 0)
  const share = known.reduce((sum, { weight, part, count }) => sum + (weight / whole) * (part / count), 0)
  const size = 1 / known.reduce((sum, { weight, count }) => sum + (weight / whole) ** 2 / count, 0)
  return wilson(share * size, size)
}

/** The value below which a share `p` (0 to 1) of them lies; NaN for none. */
export function percentile(values: readonly number[], p: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(p * sorted.length))] ?? Number.NaN
}

import { type Share, wilson } from '../../../src/server/lsd/evaluate/wilson.ts'

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

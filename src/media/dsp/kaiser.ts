/**
 * The impulse response at `x`, in samples of the slower rate, of a low-pass filter that passes the part `cutoff` of
 * that rate's half: a sine cardinal under a Kaiser window of `beta` that ends at `halfWidth` samples (J. F. Kaiser,
 * "Nonrecursive digital filter design using the I0-sinh window function", 1974).
 */
export function kaiserSinc(x: number, halfWidth: number, cutoff: number, beta: number): number {
  if (Math.abs(x) >= halfWidth) return 0
  const sinc = x === 0 ? cutoff : Math.sin(Math.PI * cutoff * x) / (Math.PI * x)
  return (sinc * bessel0(beta * Math.sqrt(1 - (x / halfWidth) ** 2))) / bessel0(beta)
}

/** The modified Bessel function of the first kind, order 0, by its power series. */
function bessel0(x: number): number {
  let sum = 1
  let term = 1
  for (let k = 1; term > 1e-12 * sum; k++) {
    term *= (x / (2 * k)) ** 2
    sum += term
  }
  return sum
}

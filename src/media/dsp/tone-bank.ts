/**
 * The dot products of `length` samples with each row of coefficients; `rows` holds as many rows of `length` as `into`
 * has places. Sums wrap at 32 bits, which the caller has chosen
 * coefficients not to reach.
 */
export function dotBankInto(samples: Int16Array, length: number, rows: Int16Array, into: Int32Array): void {
  for (let k = 0; k < into.length; k++) {
    const row = k * length
    let sum = 0
    for (let i = 0; i < length; i++) sum = (sum + samples[i]! * rows[row + i]!) | 0
    into[k] = sum
  }
}

/**
 * Rows for {@link dotBankInto} that measure tones in blocks of `length` samples: for each frequency a cosine and a
 * sine. Their amplitude is the largest with which no block of 16-bit samples overflows a sum; at 205 samples its
 * 8 bits leave the tones that are not there 60 dB down.
 */
export function toneRowsInto(
  rows: Int16Array,
  frequenciesHz: readonly number[],
  length: number,
  sampleRateHz = 8000,
): void {
  const amplitude = toneRowAmplitude(length)
  for (const [k, frequency] of frequenciesHz.entries()) {
    const omega = (2 * Math.PI * frequency) / sampleRateHz
    for (let i = 0; i < length; i++) {
      rows[2 * k * length + i] = Math.round(amplitude * Math.cos(omega * i))
      rows[(2 * k + 1) * length + i] = Math.round(amplitude * Math.sin(omega * i))
    }
  }
}

/** The amplitude of the rows of {@link toneRowsInto}. */
export function toneRowAmplitude(length: number): number {
  return Math.min(32_767, Math.floor(65_535 / length))
}

/**
 * The power of tone `k` in a block of `length` samples, from its two dot products: that of a sine of peak `p` is
 * `p² / 2`. The same unit as {@link energy} divided by the number of samples.
 */
export function tonePower(products: Int32Array, k: number, length: number): number {
  const scale = 2 / (length * toneRowAmplitude(length))
  const cosine = products[2 * k]! * scale
  const sine = products[2 * k + 1]! * scale
  return (cosine * cosine + sine * sine) / 2
}

/**
 * The dot products of `samples[at..at + length)` with each row of coefficients; `rows` holds as many rows of `length` as
 * `into` has places. Sums wrap at 32 bits, which the caller has chosen coefficients not to reach.
 */
export function dotBankInto(samples: Int16Array, at: number, length: number, rows: Int16Array, into: Int32Array): void {
  for (let k = 0; k < into.length; k++) {
    const row = k * length
    let sum = 0
    for (let i = 0; i < length; i++) sum += samples[at + i]! * rows[row + i]!
    into[k] = sum
  }
}

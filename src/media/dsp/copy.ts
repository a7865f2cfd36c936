/**
 * Copies `octets[from..from + length)` to `into` at `at`. A loop and not `set(subarray())`: that would make one object
 * per call. The same array may be both when it is moved towards its beginning.
 */
export function copyOctets(octets: Uint8Array, from: number, length: number, into: Uint8Array, at: number): void {
  for (let i = 0; i < length; i++) into[at + i] = octets[from + i]!
}

/** As {@link copyOctets}, samples. */
export function copySamples(samples: Int16Array, from: number, length: number, into: Int16Array, at: number): void {
  for (let i = 0; i < length; i++) into[at + i] = samples[from + i]!
}

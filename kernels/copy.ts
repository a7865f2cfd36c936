/** Copies `octets` octets; the two places may overlap. The twins are in src/media/dsp/copy.ts. */
export function copy(from: usize, octets: usize, into: usize): void {
  memory.copy(into, from, octets)
}

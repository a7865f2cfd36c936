import { correlate } from './correlate.ts'

const SLOT_SAMPLES = 160

/** How a file was sent, by what was heard of it. */
export interface AsSent {
  /** The file, with silence in each slot that was skipped. */
  readonly samples: Int16Array
  /** How many slots were skipped between its first sound and its last. */
  readonly skipped: number
}

/**
 * Finds out in which slots the sender of a file sent nothing, 20 ms each, after which the file goes on where it stopped. Of all
 * ways to put such slots between those of the file, that is the one that is nearest to what was heard. Nothing else about the
 * sound is changed, so whatever else went wrong still shows.
 *
 * @param counted how many slots the sender says it skipped; when none, the file was sent as it is
 */
export function asSent(file: Int16Array, heard: Int16Array, counted: number): AsSent {
  if (counted === 0) return { samples: file, skipped: 0 }
  // The middle of the file lies behind some of the skipped slots, nobody knows how many: shifts count from the earliest beginning.
  const begin = correlate(file, heard).offset - counted * SLOT_SAMPLES
  const slots = Math.floor(file.length / SLOT_SAMPLES)
  const shifts = 2 * counted + 1
  /** The least error of what was heard up to this slot, by the shift of this slot; and the shift of the slot before it. */
  let errors = new Float64Array(shifts)
  const before = Array.from({ length: slots }, () => new Int32Array(shifts))
  for (let slot = 0; slot < slots; slot++) {
    const next = new Float64Array(shifts)
    let best = 0
    for (let shift = 0; shift < shifts; shift++) {
      if (errors[shift] < errors[best]) best = shift
      before[slot][shift] = best
      const at = slot * SLOT_SAMPLES
      next[shift] = errors[best] + errorOf(file, at, heard, begin + at + shift * SLOT_SAMPLES)
    }
    errors = next
  }
  const shiftOf = new Int32Array(slots)
  let shift = errors.indexOf(Math.min(...errors))
  for (let slot = slots - 1; slot >= 0; slot--) {
    shiftOf[slot] = shift
    shift = before[slot][shift]
  }
  const skipped = shiftOf[slots - 1] - shiftOf[0]
  const samples = new Int16Array(file.length + skipped * SLOT_SAMPLES)
  for (let slot = 0; slot < slots; slot++) {
    const at = slot * SLOT_SAMPLES
    samples.set(file.subarray(at, at + SLOT_SAMPLES), at + (shiftOf[slot] - shiftOf[0]) * SLOT_SAMPLES)
  }
  return { samples, skipped }
}

function errorOf(file: Int16Array, fileAt: number, heard: Int16Array, heardAt: number): number {
  let error = 0
  for (let i = 0; i < SLOT_SAMPLES; i++) {
    const difference = file[fileAt + i] - (heard[heardAt + i] ?? 0)
    error += difference * difference
  }
  return error
}

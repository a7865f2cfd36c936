/** As long as a click is not heard, and short against a consonant. */
const SEAM_MS = 5
const ROUND_MS = 20

/**
 * Joins two streams of sound that do not fit together, at the end of one frame of 20 ms and the beginning of the next:
 * what was heard last goes on backwards and fades, while what follows comes up.
 */
export class Seam {
  /** The end of the last frame, as far as it is needed. */
  readonly #end = new Int16Array(16 * SEAM_MS)
  #keptIn = -1

  /** Remembers the end of the frame of this round. */
  keep(frame: Int16Array, length: number, round: number): void {
    const count = seamLength(length)
    for (let i = 0; i < count; i++) this.#end[i] = frame[length - 1 - i]!
    this.#keptIn = round
  }

  /** Joins the beginning of the frame of this round to the end of the round before, if that was kept. */
  join(frame: Int16Array, length: number, round: number): void {
    const count = seamLength(length)
    const before = this.#keptIn === round - 1 ? 1 : 0
    for (let i = 0; i < count; i++) frame[i] = (frame[i]! * i + before * this.#end[i]! * (count - i)) / count
  }
}

/** Lets sound begin that may be in the middle of a word. */
export function fadeIn(frame: Int16Array, length: number): void {
  const count = seamLength(length)
  for (let i = 0; i < count; i++) frame[i] = (frame[i]! * i) / count
}

/** Lets sound end in the middle of a word. */
export function fadeOut(frame: Int16Array, length: number): void {
  const count = seamLength(length)
  for (let i = 0; i < count; i++) frame[i] = (frame[i]! * (count - i)) / count
  frame.fill(0, count, length)
}

/** Writes how `last` may end: its end backwards, fading, and then silence. */
export function fadingInto(last: Int16Array, into: Int16Array, length: number): void {
  const count = seamLength(length)
  into.fill(0, 0, length)
  for (let i = 0; i < count; i++) into[i] = (last[length - 1 - i]! * (count - i)) / count
}

/** @param length samples in 20 ms */
function seamLength(length: number): number {
  return (length * SEAM_MS) / ROUND_MS
}

/** As long as a click is not heard, and short against a consonant. */
const SEAM_MS = 5
const ROUND_MS = 20
/** How long it takes to end in the middle of a word. */
const RINGING_MS = 10
/** What rings on rings down, whatever was predicted. */
const DAMPING = 0.98

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

/**
 * Writes how `last` may end: it rings on as two poles predict that fit it best, fading, and then silence. Turned round, its slope
 * would turn as well at the seam, and that is heard as a click of who talks loudly.
 */
export function fadingInto(last: Int16Array, into: Int16Array, length: number): void {
  // The sums of least squares, for last[i] out of the two samples before it.
  let power = 0
  let powerBefore = 0
  let lag1 = 0
  let lag2 = 0
  let lag12 = 0
  let most = 0
  for (let i = 2; i < length; i++) {
    const now = last[i]!
    const before = last[i - 1]!
    const beforeThat = last[i - 2]!
    power += before * before
    powerBefore += beforeThat * beforeThat
    lag1 += now * before
    lag2 += now * beforeThat
    lag12 += before * beforeThat
    most = Math.min(32_767, Math.max(most, Math.abs(now)))
  }
  const determinant = power * powerBefore - lag12 * lag12
  let first = 0
  let second = 0
  if (determinant > 0) {
    second = within((lag2 * power - lag1 * lag12) / determinant, 1)
    first = within((lag1 * powerBefore - lag2 * lag12) / determinant, 1 - second)
  }
  let before = last[length - 1]!
  let beforeThat = last[length - 2]!
  const count = (length * RINGING_MS) / ROUND_MS
  into.fill(0, count, length)
  for (let i = 0; i < count; i++) {
    const next = within(DAMPING * first * before + DAMPING * DAMPING * second * beforeThat, most)
    into[i] = next * (0.5 + 0.5 * Math.cos((Math.PI * i) / count))
    beforeThat = before
    before = next
  }
}

/** @param length samples in 20 ms */
function seamLength(length: number): number {
  return (length * SEAM_MS) / ROUND_MS
}

function within(value: number, most: number): number {
  return Math.max(-most, Math.min(most, value))
}

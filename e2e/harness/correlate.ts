import { SAMPLE_RATE } from './audio.ts'

/** How well one sound was found in another. */
export interface Match {
  /**
   * Normalised cross-correlation at the best alignment, -1 to 1. Its square is the share of energy that both have in
   * common; loudness does not matter.
   */
  readonly correlation: number
  /** Where in `heard` the first sample of `sent` lies; below 0 when its beginning is missing. */
  readonly offset: number
  /** How many samples of `sent` were compared: those that `heard` covers. */
  readonly overlap: number
}

/**
 * The least correlation at which a recording counts as what was sent. G.711 alone costs almost nothing (its noise lies
 * 35 dB below the voice: correlation above 0.999), and a lost packet costs its share of the length (one in 3 s:
 * 0.003). 0.98 leaves room for a handful of lost packets. Another voice, a shift within the recording (a packet left
 * out or doubled) and silence all fall far below: `correlate.test.ts` holds it to that.
 */
export const SAME_SOUND = 0.98

const PROBE_SAMPLES = SAMPLE_RATE / 4

/**
 * Finds `sent` in `heard` and compares the two sample by sample at that one alignment.
 *
 * The alignment is searched with a quarter of a second from the middle of `sent`, at every offset.
 */
export function correlate(sent: Int16Array, heard: Int16Array): Match {
  const middle = Math.max(0, Math.floor((sent.length - PROBE_SAMPLES) / 2))
  const probe = sent.subarray(middle, middle + PROBE_SAMPLES)
  let best = -2
  let offset = 0
  for (let at = 0; at + probe.length <= heard.length; at += 1) {
    const value = normalised(probe, heard.subarray(at, at + probe.length))
    if (value > best) {
      best = value
      offset = at - middle
    }
  }
  const from = Math.max(0, -offset)
  const to = Math.min(sent.length, heard.length - offset)
  const correlation = normalised(sent.subarray(from, to), heard.subarray(from + offset, to + offset))
  return { correlation, offset, overlap: Math.max(0, to - from) }
}

/** Long enough to tell voices apart, and short beside the time between two corrections of a far end's clock. */
const PART_SAMPLES = 0.2 * SAMPLE_RATE

/**
 * The correlation that half of the parts of `sent`, of 200 ms each, reach where each is found by itself: for far ends that leave
 * out or double packets, and so shift what follows. That costs {@link correlate} the rest of the sound, and here the part that it
 * strikes. Another voice stays below 0.7.
 */
export function correlateParts(sent: Int16Array, heard: Int16Array): number {
  const all: number[] = []
  for (let at = 0; at + PART_SAMPLES <= sent.length; at += PART_SAMPLES)
    all.push(correlate(sent.subarray(at, at + PART_SAMPLES), heard).correlation)
  return all.toSorted((a, b) => a - b)[Math.floor((all.length - 1) / 2)] ?? 0
}

function normalised(a: Int16Array, b: Int16Array): number {
  let both = 0
  let energyA = 0
  let energyB = 0
  for (let index = 0; index < a.length; index += 1) {
    const x = a[index]
    const y = b[index]
    both += x * y
    energyA += x * x
    energyB += y * y
  }
  return energyA === 0 || energyB === 0 ? 0 : both / Math.sqrt(energyA * energyB)
}

/**
 * How many of five pieces of the first words of a sound are in a recording, wherever they are: when somebody began to speak is
 * not known beforehand, and a piece in which a busy machine has skipped a slot is not found.
 */
export function firstWordsIn(recording: Int16Array, sound: Int16Array): number {
  const pieces = [800, 2400, 4000, 5600, 7200].map((at) => sound.subarray(at, at + 1600))
  return pieces.filter((piece) => correlate(piece, recording).correlation > SAME_SOUND).length
}

import type { ToneStep } from '../engine/control.ts'

/**
 * The tones that every exchange knows, by name. Cadences and frequencies are those of ITU-T E.180 supplement 2;
 * levels lie where networks put them, -10 to -24 dBm0. `_EU` is the common European form, `_UK` the British one.
 * Most are meant to be looped; `BEEP` is to be played once.
 */
export const TONE_PRESETS = {
  /** United States: 440 + 480 Hz, 2 s on, 4 s off. */
  RINGBACK: [pair(440, 480, 19, 2000), silence(4000)],
  RINGBACK_EU: [single(425, 13, 1000), silence(4000)],
  RINGBACK_UK: [pair(400, 450, 19, 400), silence(200), pair(400, 450, 19, 400), silence(2000)],
  /** United States: the called line is in use. */
  BUSY: [pair(480, 620, 24, 500), silence(500)],
  BUSY_EU: [single(425, 13, 500), silence(500)],
  BUSY_UK: [single(400, 13, 375), silence(375)],
  /** United States, also called reorder or fast busy: the network has no way to the called line. */
  CONGESTION: [pair(480, 620, 24, 250), silence(250)],
  CONGESTION_EU: [single(425, 13, 250), silence(250)],
  /** United States: digits may be dialled. */
  DIAL: [pair(350, 440, 13, 5000)],
  DIAL_EU: [single(425, 13, 5000)],
  CALL_WAITING: [single(440, 13, 300), silence(9700)],
  /** Speak after it. */
  BEEP: [single(1000, 10, 250)],
  /** The special information tone that comes before an announcement of failure (ITU-T E.180 section 8). */
  SIT: [single(950, 24, 330), single(1400, 24, 330), single(1800, 24, 330), silence(1000)],
} as const satisfies Record<string, readonly ToneStep[]>

export type TonePreset = keyof typeof TONE_PRESETS

function single(frequencyHz: number, amplitude: number, durationMs: number): ToneStep {
  return { tone1: { frequencyHz, amplitude }, durationMs, add: 'summation' }
}

function pair(first: number, second: number, amplitude: number, durationMs: number): ToneStep {
  return { ...single(first, amplitude, durationMs), tone2: { frequencyHz: second, amplitude } }
}

function silence(durationMs: number): ToneStep {
  return { durationMs, add: 'summation' }
}

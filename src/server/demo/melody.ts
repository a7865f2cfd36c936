import { codecNamed, ToneGenerator, type ToneStep, wavHeader, wavPadding } from '../../media/index.ts'

/** A note of a melody: semitones above A4 (440 Hz), or a rest, and its length. */
export interface Note {
  readonly semitone: number | 'rest'
  readonly durationMs: number
}

/** Stands in for a spoken prompt: rises, as a question does. */
export const PROMPT: readonly Note[] = [
  { semitone: 0, durationMs: 300 },
  { semitone: 4, durationMs: 300 },
  { semitone: 7, durationMs: 300 },
  { semitone: 'rest', durationMs: 200 },
  { semitone: 0, durationMs: 300 },
  { semitone: 4, durationMs: 300 },
  { semitone: 12, durationMs: 800 },
]

/** And falls, as a goodbye does. */
export const GOODBYE: readonly Note[] = [
  { semitone: 12, durationMs: 250 },
  { semitone: 7, durationMs: 250 },
  { semitone: 4, durationMs: 250 },
  { semitone: 0, durationMs: 700 },
]

/** A melody as a WAV file, G.711 µ-law. Each note has its octave with it and ends in a short gap. */
export function melodyWav(notes: readonly Note[]): Uint8Array {
  const steps = notes.flatMap(stepsOf)
  const samples = new Int16Array(steps.reduce((sum, step) => sum + step.durationMs, 0) * 8)
  new ToneGenerator(steps, false).readInto(samples, samples.length)
  const header = wavHeader('pcmu', samples.length)
  const file = new Uint8Array(header.length + samples.length + wavPadding(samples.length))
  file.set(header)
  codecNamed('PCMU').encodeInto(samples, 0, samples.length, file, header.length)
  return file
}

const GAP_MS = 20

function stepsOf({ semitone, durationMs }: Note): ToneStep[] {
  if (semitone === 'rest') return [{ durationMs, add: 'summation' }]
  const frequencyHz = Math.round(440 * 2 ** (semitone / 12))
  return [
    {
      tone1: { frequencyHz, amplitude: 13 },
      tone2: { frequencyHz: 2 * frequencyHz, amplitude: 22 },
      durationMs: durationMs - GAP_MS,
      add: 'summation',
    },
    { durationMs: GAP_MS, add: 'summation' },
  ]
}

import { chance, integerBelow, type Random, uniform } from '../../../src/kit/index.ts'
import type { ToneStep } from '../../../src/media/engine/play-source.ts'
import { ToneGenerator } from '../../../src/media/tone/generator.ts'
import { NATIONAL_TONES, type ToneCountry } from '../../../src/media/tone/national-tones.ts'
import type { Clip, Material } from '../material.ts'
import type { Split } from '../strata.ts'
import { fade, gain, levelOf, PER_MS, type ToneShape, toneOf } from './sound.ts'
import { NOMINAL_DBM0, type Timeline } from './timeline.ts'

/** Whose ringback is heard before the answer, or after it. */
export const COUNTRIES = [
  'US',
  'GB',
  'DE',
  'FR',
  'IT',
  'ES',
  'JP',
  'AU',
  'IN',
  'BR',
  'RU',
  'CN',
] as const satisfies readonly ToneCountry[]

const MARGIN_MS = 200
/** Within a greeting: no pause is shorter. */
export const SHORT_MARGIN_MS = 60
const FADE_MS = 25

export function between(random: Random, low: number, high: number): number {
  return low + (high - low) * uniform(random)
}

export function oneOf<T>(random: Random, values: readonly T[]): T {
  return values[integerBelow(random, values.length)]!
}

/** How a clip is said. */
export interface Manner {
  /** Against {@link NOMINAL_DBM0}. */
  readonly levelDb?: number
  /** How much of the room before and after the words is heard, in ms, as far as it was recorded. Default 200. */
  readonly beforeMs?: number
  readonly afterMs?: number
}

/**
 * Lets a clip be said, with some of the room around it, and notes where words are.
 * @returns when the last word ended
 */
export function say(
  line: Timeline,
  material: Material,
  clip: Clip,
  by: 'person' | 'machine' | 'network',
  { levelDb = 0, beforeMs = MARGIN_MS, afterMs = MARGIN_MS }: Manner = {},
): number {
  const first = clip.spans[0]!.startMs
  const last = clip.spans.at(-1)!.endMs
  const fromMs = Math.max(0, first - beforeMs)
  const toMs = Math.min(clip.lengthMs, last + afterMs)
  const samples = Float32Array.from(material.samples(clip).subarray(fromMs * PER_MS, toMs * PER_MS))
  gain(samples, NOMINAL_DBM0 + levelDb - clip.levelDbm0)
  fade(samples, Math.min(FADE_MS, first - fromMs), Math.min(FADE_MS, toMs - last))
  const { startMs } = line.sound(samples)
  for (const span of clip.spans)
    line.speech.push({ startMs: startMs + span.startMs - fromMs, endMs: startMs + span.endMs - fromMs, by })
  line.words += clip.words ?? Math.max(1, Math.round((last - first) / 370))
  if (clip.words === undefined) line.wordsAreKnown = false
  return line.speech.at(-1)!.endMs
}

/**
 * Lets the next clip be said so long after the last word: the rooms around both make up the pause, as far as they reach.
 */
export function sayAfter(
  line: Timeline,
  material: Material,
  clip: Clip,
  by: 'person' | 'machine',
  pauseMs: number,
): number {
  const quietMs = line.nowMs - line.speech.at(-1)!.endMs
  const beforeMs = Math.min(MARGIN_MS, clip.spans[0]!.startMs, Math.max(0, pauseMs - quietMs))
  line.silence(Math.max(0, pauseMs - quietMs - beforeMs))
  return say(line, material, clip, by, { beforeMs, afterMs: SHORT_MARGIN_MS })
}

/** A tone of a network, for at most `mostMs`, from its beginning. Names each sound of it. */
export function nationalTone(
  line: Timeline,
  steps: readonly ToneStep[],
  name: string,
  mostMs: number,
  levelDb: number,
): void {
  const samples = new Int16Array(Math.round(mostMs) * PER_MS)
  new ToneGenerator(steps, true).readInto(samples, samples.length)
  const sounding = Float32Array.from(samples)
  // Tones are played at some -13 dBm0.
  gain(sounding, levelDb + NOMINAL_DBM0 + 13)
  const startMs = line.nowMs
  line.sound(sounding)
  const cycleMs = steps.reduce((sum, { durationMs }) => sum + durationMs, 0)
  for (let cycle = 0; cycle * cycleMs < mostMs; cycle++) {
    let atMs = cycle * cycleMs
    for (const step of steps) {
      const endMs = Math.min(atMs + step.durationMs, mostMs)
      if (step.tone1 !== undefined && atMs < mostMs)
        line.tones.push({ name, startMs: startMs + atMs, endMs: startMs + endMs })
      atMs += step.durationMs
    }
  }
}

/** Before the answer: nothing, ringback of some country, music in place of it, or an announcement. Tells nothing of who will answer. */
export function earlyMedia(line: Timeline, material: Material, random: Random, split: Split): void {
  const kind = uniform(random)
  if (kind < 0.5) return
  if (kind < 0.88) {
    const tones = NATIONAL_TONES[oneOf(random, COUNTRIES)]
    nationalTone(line, tones.ringback, 'ringback', between(random, 1500, 9000), between(random, -6, 4))
  } else if (kind < 0.95) music(line, material, random, split, between(random, 2000, 6000))
  else say(line, material, material.pick(random, ['synthetic'], split), 'network')
  line.silence(between(random, 0, 300))
}

/** A piece of music, from anywhere in it. */
export function music(line: Timeline, material: Material, random: Random, split: Split, lengthMs: number): string {
  const clip = material.pick(random, ['music'], split)
  const all = material.samples(clip)
  const length = Math.min(all.length, Math.round(lengthMs * PER_MS))
  const from = Math.floor(uniform(random) * (all.length - length))
  const samples = Float32Array.from(all.subarray(from, from + length))
  const level = levelOf(samples)
  if (level > -90) gain(samples, NOMINAL_DBM0 - level)
  fade(samples, 30, 30)
  line.sound(samples)
  return clip.source
}

/** Special information tones (ITU-T E.180 section 8; the North American ones of Bellcore SR-2275). */
export function specialInformation(line: Timeline, random: Random): void {
  const isAmerican = chance(random, 0.4)
  const hz = isAmerican ? [oneOf(random, [913.8, 985.2]), oneOf(random, [1370.6, 1428.5]), 1776.7] : [950, 1400, 1800]
  const gapMs = isAmerican ? 0 : between(random, 0, 30)
  const level = NOMINAL_DBM0 + between(random, -5, 3)
  for (const each of hz) {
    const durationMs = isAmerican ? oneOf(random, [276, 380]) : between(random, 280, 380)
    line.sound(toneOf({ hz: [each + between(random, -8, 8)], durationMs }, level), 'sit')
    if (gapMs > 0) line.silence(gapMs)
  }
}

const BEEP_HZ = [400, 425, 440, 480, 500, 620, 800, 850, 1000, 1004, 1050, 1200, 1400, 1500, 1800, 2000, 2200, 2600]

/** The beep of an answering machine, in one of the forms they have. @returns its form */
export function beep(line: Timeline, random: Random): string {
  const form = oneOf(random, ['single', 'single', 'single', 'single', 'two-note', 'dual', 'chirp', 'square'] as const)
  const hz = chance(random, 0.6) ? oneOf(random, BEEP_HZ) : between(random, 380, 2700)
  const common = { attackMs: between(random, 0, 20), releaseMs: between(random, 1, 20) }
  const durationMs = between(random, 100, chance(random, 0.8) ? 600 : 1200)
  const level = NOMINAL_DBM0 + between(random, -8, 6)
  const sounds: ToneShape[] =
    form === 'two-note'
      ? [
          { hz: [hz], durationMs: Math.max(100, durationMs / 2), ...common },
          {
            hz: [Math.min(2700, hz * oneOf(random, [1.25, 1.5, 0.8]))],
            durationMs: Math.max(100, durationMs / 2),
            ...common,
          },
        ]
      : form === 'dual'
        ? [{ hz: [hz, Math.min(2700, hz * between(random, 1.15, 1.8))], durationMs, ...common }]
        : form === 'chirp'
          ? [{ hz: [hz], endHz: [Math.min(2700, hz * between(random, 1.1, 1.4))], durationMs, ...common }]
          : [
              {
                hz: [Math.min(hz, form === 'square' ? 1000 : 2700)],
                durationMs,
                isSquare: form === 'square',
                ...common,
              },
            ]
  const startMs = line.nowMs
  for (const shape of sounds) line.sound(toneOf(shape, level))
  line.beep = { startMs, endMs: line.nowMs, levelDbm0: level }
  line.tones.push({ name: 'beep', startMs, endMs: line.nowMs })
  return `beep-${form}`
}

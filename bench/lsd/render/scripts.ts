import { chance, integerBelow, type Random, uniform } from '../../../src/kit/index.ts'
import { NATIONAL_TONES } from '../../../src/media/tone/national-tones.ts'
import type { Clip, Material } from '../material.ts'
import type { SourceKind } from '../sources.ts'
import type { FarEndClass, Split, Stratum } from '../strata.ts'
import { DIGIT_TONES } from './keys.ts'
import {
  beep,
  between,
  COUNTRIES,
  music,
  nationalTone,
  oneOf,
  SHORT_MARGIN_MS,
  say,
  sayAfter,
  specialInformation,
} from './pieces.ts'
import { fade, gain, levelOf, noiseOf, PER_MS, toneOf } from './sound.ts'
import { NOMINAL_DBM0, type Timeline } from './timeline.ts'

/** What a script is played with. */
export interface Stage {
  readonly line: Timeline
  readonly material: Material
  readonly random: Random
  readonly split: Split
}

/** What a script says of the call beyond what stands on the timeline. */
export interface Scene {
  readonly source: string
  readonly subclass: string
  /** Where it is not that of the stratum. */
  readonly class?: FarEndClass
}

/** From the answer on. Each ends with some silence in which nobody says anything. */
export const SCRIPTS: Readonly<Record<Stratum, (stage: Stage) => Scene>> = {
  H1: (stage) => {
    delay(stage)
    const clip = person(stage, ['short'])
    rest(stage, 4000, 7000)
    return { source: clip.source, subclass: 'one-word' }
  },
  H2: (stage) => {
    const { line, material, random } = stage
    delay(stage)
    const clip = person(stage, ['short'])
    line.silence(between(random, 250, 2000))
    say(line, material, material.pickAlike(random, clip), 'person')
    rest(stage, 4000, 7000)
    return { source: clip.source, subclass: 'two-utterances' }
  },
  H3: (stage) => {
    delay(stage)
    const clip = person(stage, ['sentence'])
    rest(stage, 4000, 7000)
    return { source: clip.source, subclass: 'sentence' }
  },
  H4: hardPerson,
  M1: (stage) => greeting(stage, chance(stage.random, 0.7) ? ['studio'] : ['synthetic']),
  M2: (stage) => greeting(stage, stage.split === 'test' && chance(stage.random, 0.6) ? ['amateur'] : ['sentence']),
  M3: (stage) => {
    const { line, material, random, split } = stage
    delay(stage, 100, 1500)
    const kinds: SourceKind[] = [
      oneOf(random, ['studio', 'synthetic', split === 'test' ? 'amateur' : 'sentence', 'short'] as const),
    ]
    const clip = material.pick(random, kinds, split, (each) => isBetween(each, 600, 2000))
    line.greetingEndMs = say(line, material, clip, 'machine')
    line.silence(between(random, 0, 900))
    const form = beep(line, random)
    rest(stage, 4000, 7000)
    return { source: clip.source, subclass: form }
  },
  M4: numberReading,
  A: announcement,
  S: screening,
  F: fax,
  T: networkTone,
  X: nobody,
}

function delay({ line, random }: Stage, lowMs = 100, highMs = 1800): void {
  line.silence(between(random, lowMs, highMs))
}

function rest({ line, random }: Stage, lowMs: number, highMs: number): void {
  line.silence(between(random, lowMs, highMs))
}

function person({ line, material, random, split }: Stage, kinds: readonly SourceKind[], levelDb = 0): Clip {
  const clip = material.pick(random, kinds, split)
  say(line, material, clip, 'person', { levelDb })
  return clip
}

function spokenMs(clip: Clip): number {
  return clip.spans.at(-1)!.endMs - clip.spans[0]!.startMs
}

function isBetween(clip: Clip, leastMs: number, mostMs: number): boolean {
  return spokenMs(clip) >= leastMs && spokenMs(clip) <= mostMs
}

function hardPerson(stage: Stage): Scene {
  const { line, material, random, split } = stage
  const what = oneOf(random, ['late', 'quiet', 'noise-first', 'music-behind', 'talk-behind', 'asks-again'] as const)
  const startMs = line.nowMs
  delay(stage, what === 'late' ? 2500 : 200, what === 'late' ? 4500 : 1500)
  if (what === 'noise-first') {
    // A receiver that is fumbled with, or a breath.
    for (let n = 1 + integerBelow(random, 3); n > 0; n--) {
      const burst = noiseOf(
        'pink',
        Math.round(between(random, 30, 250)) * PER_MS,
        NOMINAL_DBM0 + between(random, -12, 3),
        random,
      )
      fade(burst, 5, 20)
      line.sound(burst)
      line.silence(between(random, 50, 400))
    }
  }
  const clip = person(
    stage,
    chance(random, 0.7) ? ['short'] : ['sentence'],
    what === 'quiet' ? between(random, -14, -8) : 0,
  )
  if (what === 'asks-again') {
    line.silence(between(random, 1500, 2500))
    say(line, material, material.pickAlike(random, clip), 'person')
  }
  rest(stage, 4000, 6000)
  const lengthMs = line.nowMs - startMs
  if (what === 'music-behind' || what === 'talk-behind') {
    const behind =
      what === 'music-behind'
        ? material.pick(random, ['music'], split)
        : material.pick(random, ['sentence', 'studio'], split)
    const samples = Float32Array.from(material.samples(behind).subarray(0, lengthMs * PER_MS))
    gain(samples, NOMINAL_DBM0 - between(random, 16, 24) - levelOf(samples))
    fade(samples, 100, 100)
    line.under(samples, startMs)
  }
  return { source: clip.source, subclass: what }
}

/** Some sentences of one voice, four fifths of the times with a beep behind them. */
function greeting(stage: Stage, kinds: readonly SourceKind[]): Scene {
  const { line, material, random, split } = stage
  delay(stage, 100, 2000)
  const isSynthetic = kinds[0] === 'synthetic'
  const fits = (clip: Clip) => (isSynthetic ? clip.name.startsWith('greeting') : isBetween(clip, 1200, 9000))
  const first = material.pick(random, kinds, split, fits)
  const wantedMs = isSynthetic ? 2500 : between(random, 3000, 14_000)
  let spoken = 0
  line.greetingEndMs = say(line, material, first, 'machine', { afterMs: SHORT_MARGIN_MS })
  for (spoken += spokenMs(first); spoken < wantedMs; ) {
    const clip = material.pickAlike(random, first, fits)
    line.greetingEndMs = sayAfter(line, material, clip, 'machine', between(random, 100, 600))
    spoken += spokenMs(clip)
  }
  const form = endOfGreeting(stage)
  return { source: first.source, subclass: form }
}

function endOfGreeting(stage: Stage): string {
  const { line, random } = stage
  line.silence(between(random, 0, chance(random, 0.85) ? 1500 : 4000))
  const form = chance(random, 0.8) ? beep(line, random) : 'no-beep'
  rest(stage, 5000, 7000)
  return form
}

function numberReading(stage: Stage): Scene {
  const { line, material, random, split } = stage
  delay(stage, 100, 1500)
  const isDigit = (clip: Clip) => /^digits-\d$/.test(clip.name)
  const isPrompt = (clip: Clip) => !clip.name.startsWith('digits') && isBetween(clip, 700, 3500)
  const digits = material.pick(random, [split === 'test' && chance(random, 0.4) ? 'amateur' : 'studio'], split, isDigit)
  if (chance(random, 0.6)) {
    say(line, material, material.pickAlike(random, digits, isPrompt), 'machine', { afterMs: SHORT_MARGIN_MS })
    sayAfter(line, material, digits, 'machine', between(random, 100, 500))
  } else say(line, material, digits, 'machine', { afterMs: SHORT_MARGIN_MS })
  for (let n = 6 + integerBelow(random, 5); n > 0; n--) {
    const pauseMs = chance(random, 0.25) ? between(random, 250, 600) : between(random, 60, 250)
    sayAfter(line, material, material.pickAlike(random, digits, isDigit), 'machine', pauseMs)
  }
  const last = material.pickAlike(random, digits, isPrompt)
  line.greetingEndMs = sayAfter(line, material, last, 'machine', between(random, 150, 600))
  const form = endOfGreeting(stage)
  return { source: digits.source, subclass: form }
}

function announcement(stage: Stage): Scene {
  const { line, material, random, split } = stage
  delay(stage, 0, 800)
  const first = chance(random, 0.6)
    ? material.pick(random, ['synthetic'], split, ({ name }) => name.startsWith('announcement'))
    : material.pick(random, ['studio'], split, (clip) => isBetween(clip, 2500, 9000))
  for (let times = 1 + integerBelow(random, 2); times > 0; times--) {
    specialInformation(line, random)
    line.silence(between(random, 50, 500))
    say(line, material, first, 'network')
    line.silence(between(random, 500, 1200))
  }
  rest(stage, 2000, 4000)
  return { source: first.source, subclass: 'sit' }
}

function screening(stage: Stage): Scene {
  const { line, material, random, split } = stage
  delay(stage, 100, 1200)
  const asked = material.pick(random, ['synthetic'], split, ({ name }) => name.startsWith('screening'))
  line.greetingEndMs = say(line, material, asked, 'machine')
  const isTaken = chance(random, 0.5)
  rest(stage, 4000, 7000)
  if (isTaken) {
    line.joinedAtMs = line.nowMs
    line.silence(between(random, 200, 800))
    person(stage, ['short'])
    rest(stage, 4000, 5000)
  }
  return { source: asked.source, subclass: isTaken ? 'taken' : 'not-taken' }
}

function fax({ line, material, random }: Stage): Scene {
  const kind = oneOf(random, ['ced', 'ced', 'ansam', 'ans-pr', 'ansam-pr', 'v21', 'cng'] as const)
  // T.30 section 4: 1.8 to 2.5 s after the answer; not all machines wait.
  line.silence(between(random, kind === 'cng' || chance(random, 0.3) ? 100 : 1800, 2500))
  const signal = Float32Array.from(material.fax(kind))
  const peak = signal.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
  // Sines: their level lies 3 dB below their peak.
  gain(signal, NOMINAL_DBM0 - levelOf([peak / Math.SQRT2]))
  const startMs = line.nowMs
  line.sound(signal)
  for (const span of soundingSpans(signal))
    line.tones.push({ name: kind, startMs: startMs + span.startMs, endMs: startMs + span.endMs })
  line.silence(between(random, 2000, 4000))
  return { source: 'spandsp', subclass: kind }
}

/** Where a signal sounds, its pauses of 60 ms and more taken out. */
function soundingSpans(signal: Float32Array): { startMs: number; endMs: number }[] {
  const spans: { startMs: number; endMs: number }[] = []
  for (let i = 0; i < signal.length; i += PER_MS) {
    if (levelOf(signal, i, Math.min(signal.length, i + PER_MS)) < -40) continue
    const atMs = i / PER_MS
    const last = spans.at(-1)
    if (last !== undefined && atMs - last.endMs < 60) last.endMs = atMs + 1
    else spans.push({ startMs: atMs, endMs: atMs + 1 })
  }
  return spans.filter(({ startMs, endMs }) => endMs - startMs >= 20)
}

function networkTone(stage: Stage): Scene {
  const { line, random } = stage
  const country = oneOf(random, COUNTRIES)
  const tones = NATIONAL_TONES[country]
  delay(stage, 0, 600)
  const kind = oneOf(random, ['busy', 'congestion', 'ringback', 'ringback-person', 'ringback-machine'] as const)
  const level = between(random, -4, 4)
  if (kind === 'busy' || kind === 'congestion') {
    nationalTone(line, tones[kind], kind, between(random, 6000, 9000), level)
    line.silence(1000)
    return { source: 'e180', subclass: kind }
  }
  const cycleMs = tones.ringback.reduce((sum, { durationMs }) => sum + durationMs, 0)
  // Somebody takes it at any moment of the cadence.
  const ringsMs = kind === 'ringback' ? 12_000 : cycleMs * (1 + integerBelow(random, 2)) + uniform(random) * cycleMs
  nationalTone(line, tones.ringback, 'ringback', ringsMs, level)
  if (kind === 'ringback') return { source: 'e180', subclass: kind }
  line.pickUp()
  if (kind === 'ringback-person') {
    delay(stage, 200, 1200)
    person(stage, ['short'])
    rest(stage, 4000, 6000)
    return { source: 'e180', subclass: kind, class: 'person' }
  }
  return { ...greeting(stage, ['studio']), subclass: kind, class: 'machine' }
}

function nobody(stage: Stage): Scene {
  const { line, material, random, split } = stage
  const kind = oneOf(random, ['silence', 'comfort-noise', 'music', 'keys'] as const)
  if (kind === 'silence') line.silence(12_000)
  else if (kind === 'comfort-noise') line.sound(noiseOf('white', 12_000 * PER_MS, between(random, -65, -45), random))
  else if (kind === 'music') {
    const source = music(line, material, random, split, 30_000)
    return { source, subclass: kind }
  } else {
    for (let n = 3 + integerBelow(random, 8); n > 0; n--) {
      line.silence(between(random, 100, 900))
      line.sound(toneOf({ hz: oneOf(random, DIGIT_TONES), durationMs: between(random, 70, 400) }, NOMINAL_DBM0), 'dtmf')
    }
    line.silence(6000)
  }
  return { source: 'synthetic', subclass: kind }
}

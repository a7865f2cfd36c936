import { percentile, type Share, wilson } from '../../../src/server/lsd/evaluate/wilson.ts'
import { STRATA, STRATUM_NAMES, type Stratum } from '../strata.ts'
import { type CallScore, isRight } from './call-score.ts'
import { mixed } from './mixed.ts'

/** Figures of one detector over some calls. */
export interface Summary {
  readonly recall: Share
  /** By the verdict that stood 5 s after somebody had picked up. */
  readonly recallWithin5s: Share
  readonly toMachine: Share
  readonly toPerson: Share
  readonly unknown: Share
  readonly unknownAt5s: Share
  readonly latency: Spread
  readonly sinceAnswer: Spread
}

/** In ms; of decisions that were right. */
export interface Spread {
  readonly median: number
  readonly p95: number
}

export function spreadOf(values: readonly number[]): Spread {
  return { median: percentile(values, 0.5), p95: percentile(values, 0.95) }
}

/** Strata are mixed by their shares; of only one, plain counts. */
export function summarise(scores: readonly CallScore[]): Summary {
  const share = (is: (score: CallScore) => boolean) => pooled(scores, is)
  const right = scores.filter((score) => isRight(score, score.verdict))
  return {
    recall: share((score) => isRight(score, score.verdict)),
    recallWithin5s: share((score) => isRight(score, score.within5s)),
    toMachine: share(({ verdict }) => verdict === 'machine'),
    toPerson: share(({ verdict }) => verdict === 'person'),
    unknown: share(({ verdict }) => verdict === 'unknown'),
    unknownAt5s: share(({ within5s }) => within5s === 'unknown'),
    latency: spreadOf(definedOf(right.map(({ latencyMs }) => latencyMs))),
    sinceAnswer: spreadOf(definedOf(right.map(({ sinceAnswerMs }) => sinceAnswerMs))),
  }
}

export function pooled(scores: readonly CallScore[], is: (score: CallScore) => boolean): Share {
  return mixed(
    STRATUM_NAMES.map((stratum) => {
      const of = scores.filter((score) => score.stratum === stratum)
      return { weight: STRATA[stratum].share, part: of.filter(is).length, count: of.length }
    }),
  )
}

export function ofStrata(scores: readonly CallScore[], ...strata: readonly Stratum[]): CallScore[] {
  return scores.filter(({ stratum }) => strata.includes(stratum))
}

export const PEOPLE = ['H1', 'H2', 'H3', 'H4'] as const satisfies readonly Stratum[]
export const MACHINES = ['M1', 'M2', 'M3', 'M4'] as const satisfies readonly Stratum[]

/** Of those that are called machines, how many are, if people and machines called equally often. */
export function machinePrecision(scores: readonly CallScore[]): number {
  const found = pooled(ofStrata(scores, ...MACHINES), ({ verdict }) => verdict === 'machine').share
  const mistaken = pooled(ofStrata(scores, ...PEOPLE), ({ verdict }) => verdict === 'machine').share
  return found / (found + mistaken)
}

export interface BeepSummary {
  /** Of beeps of at least -35 dBm0, 10 dB above the noise. */
  readonly recall: Share
  readonly recallOfAll: Share
  readonly latency: Spread
  readonly falsePerHour: readonly { readonly of: string; readonly hours: number; readonly count: number }[]
  readonly readiness: { readonly early: Share; readonly error: Spread; readonly heard: Share }
}

/** Where false beeps are counted: what is heard there. */
const CONTENTS: readonly { readonly of: string; readonly is: (score: CallScore) => boolean }[] = [
  { of: 'speech of people', is: ({ stratum }) => stratum[0] === 'H' },
  { of: 'greetings', is: ({ stratum }) => stratum[0] === 'M' || stratum === 'S' },
  { of: 'music', is: ({ subclass }) => subclass === 'music' },
  { of: 'fax', is: ({ stratum }) => stratum === 'F' },
  { of: 'special information, announcements', is: ({ stratum }) => stratum === 'A' },
  { of: 'ringback, busy, congestion', is: ({ stratum }) => stratum === 'T' },
  { of: 'keys', is: ({ subclass }) => subclass === 'keys' },
]

/** Speech more than so much too early is cut off. */
const EARLY_MS = -50

export function summariseBeeps(scores: readonly CallScore[]): BeepSummary {
  const withBeep = scores.filter(({ beep }) => beep !== undefined)
  const fair = withBeep.filter(({ beep }) => beep!.isLoudEnough)
  const heard = (of: readonly CallScore[]) => of.filter(({ beep }) => beep!.isHeard).length
  const machines = scores.filter((score) => score.class === 'machine')
  const errors = definedOf(machines.map(({ readyErrorMs }) => readyErrorMs))
  return {
    recall: wilson(heard(fair), fair.length),
    recallOfAll: wilson(heard(withBeep), withBeep.length),
    latency: spreadOf(definedOf(withBeep.map(({ beep }) => beep!.latencyMs))),
    falsePerHour: CONTENTS.map(({ of, is }) => {
      const those = scores.filter(is)
      return {
        of,
        hours: those.reduce((sum, { audioMs }) => sum + audioMs, 0) / 3_600_000,
        count: those.reduce((sum, { falseBeeps }) => sum + falseBeeps, 0),
      }
    }),
    readiness: {
      early: wilson(errors.filter((error) => error < EARLY_MS).length, errors.length),
      error: spreadOf(errors),
      heard: wilson(errors.length, machines.length),
    },
  }
}

export interface CalibrationBin {
  readonly from: number
  readonly to: number
  readonly verdicts: number
  readonly meanConfidence: number
  readonly right: Share
}

/**
 * How often verdicts of a confidence are right, and the mean square of what they are off (G. W. Brier 1950), the strata
 * mixed by their shares: an operator's calls are not one half network tones and fax machines.
 */
export function calibrate(
  scores: readonly CallScore[],
  bins = 5,
): { readonly bins: readonly CalibrationBin[]; readonly brier: number } {
  const sure = scores
    .filter(({ confidence }) => confidence !== undefined)
    .map((score) => ({
      confidence: score.confidence!,
      right: isRight(score, score.verdict) ? 1 : 0,
      weight: STRATA[score.stratum].share / ofStrata(scores, score.stratum).length,
    }))
  const mean = (of: typeof sure, value: (each: (typeof sure)[number]) => number) =>
    of.reduce((sum, each) => sum + each.weight * value(each), 0) / of.reduce((sum, { weight }) => sum + weight, 0)
  const edges = [0, 0.6, 0.8, 0.9, 0.95, 1].slice(0, bins + 1)
  return {
    brier: mean(sure, ({ confidence, right }) => (confidence - right) ** 2),
    bins: edges.slice(1).map((to, n) => {
      const from = edges[n]!
      const those = sure.filter(({ confidence }) => confidence > from && confidence <= to)
      // The size of the one sample that would tell as much (L. Kish 1965).
      const size = 1 / (mean(those, ({ weight }) => weight) / those.reduce((sum, { weight }) => sum + weight, 0))
      return {
        from,
        to,
        verdicts: those.length,
        meanConfidence: mean(those, ({ confidence }) => confidence),
        right: those.length === 0 ? wilson(0, 0) : wilson(size * mean(those, ({ right }) => right), size),
      }
    }),
  }
}

export function definedOf(values: readonly (number | undefined)[]): number[] {
  return values.filter((value) => value !== undefined)
}

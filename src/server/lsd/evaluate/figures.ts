import { type FileVerdict, isRight, isRightInTheEnd, type SaidOfFile } from './hear-file.ts'
import { LABELS, type Label } from './labels.ts'
import { percentile, type Share, wilson } from './wilson.ts'

/** What became of all recordings of a class. */
export interface ClassFigures {
  readonly class: Label
  readonly count: number
  readonly recall: Share
  /** By what it was revised to in the end. */
  readonly recallInTheEnd: Share
  readonly toMachine: Share
  readonly toPerson: Share
  readonly unknown: Share
  /** Of decisions that were right: after the first utterance of a person, or else after the answer. */
  readonly latencyMs: Spread
  /** How often it was called what. */
  readonly called: Readonly<Partial<Record<SaidOfFile, number>>>
}

export interface Spread {
  readonly median: number
  readonly p95: number
}

/** What became of beeps and the end of greetings, where the labels tell of them. */
export interface BeepFigures {
  /** Found within 500 ms of where they begin. */
  readonly recall: Share
  /** Beeps that were heard where there is none. */
  readonly falseBeeps: number
  readonly hours: number
  /** When a message could have begun, less the true end of the greeting or its beep. */
  readonly readyErrorMs: Spread
}

/** What one sensitivity costs. */
export interface CurvePoint {
  readonly sensitivity: number
  readonly personToMachine: Share
  readonly machineToPerson: Share
  readonly unknown: Share
}

export function classFigures(verdicts: readonly FileVerdict[]): ClassFigures[] {
  return LABELS.flatMap((label) => {
    const those = verdicts.filter((each) => each.class === label)
    if (those.length === 0) return []
    const share = (is: (each: FileVerdict) => boolean): Share => wilson(those.filter(is).length, those.length)
    const called: Partial<Record<SaidOfFile, number>> = {}
    for (const { verdict } of those) called[verdict] = (called[verdict] ?? 0) + 1
    const right = those.filter((each) => isRight(label, each.verdict) && each.verdict !== 'unknown')
    const since = ({ label: { speechEndMs, connectMs } }: FileVerdict) =>
      (label === 'person' ? speechEndMs : undefined) ?? connectMs
    return {
      class: label,
      count: those.length,
      recall: share(({ verdict }) => isRight(label, verdict)),
      recallInTheEnd: share(isRightInTheEnd),
      toMachine: share(({ verdict }) => verdict === 'machine'),
      toPerson: share(({ verdict }) => verdict === 'person'),
      unknown: share(({ verdict }) => verdict === 'unknown'),
      latencyMs: spreadOf(right.map((each) => each.decidedMs - since(each))),
      called,
    }
  })
}

export function beepFigures(verdicts: readonly FileVerdict[]): BeepFigures {
  const found = ({ label, beepMs }: FileVerdict) =>
    label.beepMs !== undefined && beepMs !== null && Math.abs(beepMs - label.beepMs) <= BEEP_TOLERANCE_MS
  const beeping = verdicts.filter(({ label }) => label.beepMs !== undefined)
  const silent = verdicts.filter(({ label }) => label.beepMs === undefined)
  const errors = verdicts.flatMap(({ readyMs, label }) => {
    const endMs = label.beepMs ?? label.greetingEndMs
    return readyMs === null || endMs === undefined ? [] : [readyMs - endMs]
  })
  return {
    recall: wilson(beeping.filter(found).length, beeping.length),
    falseBeeps: silent.filter(({ beepMs }) => beepMs !== null).length,
    hours: silent.reduce((sum, { durationMs }) => sum + durationMs, 0) / 3_600_000,
    readyErrorMs: spreadOf(errors),
  }
}

export function curvePoint(sensitivity: number, verdicts: readonly FileVerdict[]): CurvePoint {
  const share = (label: Label, said: SaidOfFile): Share => {
    const those = verdicts.filter((each) => each.class === label)
    return wilson(those.filter(({ verdict }) => verdict === said).length, those.length)
  }
  const decidable = verdicts.filter((each) => each.class !== 'none')
  return {
    sensitivity,
    personToMachine: share('person', 'machine'),
    machineToPerson: share('machine', 'person'),
    unknown: wilson(decidable.filter(({ verdict }) => verdict === 'unknown').length, decidable.length),
  }
}

function spreadOf(values: readonly number[]): Spread {
  return { median: percentile(values, 0.5), p95: percentile(values, 0.95) }
}

const BEEP_TOLERANCE_MS = 500

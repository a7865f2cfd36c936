import { percentile, type Share, wilson } from '../../../src/server/lsd/evaluate/wilson.ts'
import { STRATA, STRATUM_NAMES } from '../strata.ts'
import type { CallScore } from './call-score.ts'
import { isRight } from './call-score.ts'
import {
  calibrate,
  MACHINES,
  machinePrecision,
  ofStrata,
  PEOPLE,
  pooled,
  type Spread,
  summarise,
  summariseBeeps,
} from './summary.ts'

/** What one detector made of all calls. */
export interface DetectorScores {
  readonly name: string
  readonly title: string
  readonly scores: readonly CallScore[]
}

/** All detectors beside each other. */
export function comparisonTable(detectors: readonly DetectorScores[]): string {
  return table(
    [
      'detector',
      'H1 recall',
      'H3 recall',
      'people taken for machines',
      'machines found',
      'within 5 s',
      'precision at 50:50',
      'unknown',
      'H1 after its end, median / p95',
      'M after its onset',
    ],
    detectors.map(({ title, scores }) => {
      const people = ofStrata(scores, ...PEOPLE)
      const machines = ofStrata(scores, ...MACHINES)
      const h1 = summarise(ofStrata(scores, 'H1'))
      const m = summarise(machines)
      return [
        title,
        percent(h1.recall),
        percent(summarise(ofStrata(scores, 'H3')).recall),
        percent(summarise(people).toMachine),
        percent(m.recall),
        percent(m.recallWithin5s),
        precisionOf(scores),
        percent(summarise([...people, ...machines]).unknownAt5s),
        seconds(h1.latency),
        seconds(m.latency),
      ]
    }),
  )
}

/** What one detector gains and loses by its sensitivity. */
export function sensitivityTable(detectors: readonly DetectorScores[]): string {
  return table(
    ['detector', 'people found', 'people taken for machines', 'machines found', 'machines taken for people', 'unknown'],
    detectors.map(({ title, scores }) => {
      const people = summarise(ofStrata(scores, ...PEOPLE))
      const machines = summarise(ofStrata(scores, ...MACHINES))
      const both = summarise(ofStrata(scores, ...PEOPLE, ...MACHINES))
      return [
        title,
        ...[people.recall, people.toMachine, machines.recall, machines.toPerson, both.unknown].map(percent),
      ]
    }),
  )
}

/** One detector, stratum by stratum, and all mixed. */
export function strataTable(scores: readonly CallScore[]): string {
  const rows = [...STRATUM_NAMES.map((name) => [name, ofStrata(scores, name)] as const), ['pooled', scores] as const]
  return table(
    [
      'stratum',
      'calls',
      'right',
      'right 5 s after pick-up',
      'called a machine',
      'called a person',
      'unknown',
      'latency, median / p95',
    ],
    rows
      .filter(([, of]) => of.length > 0)
      .map(([name, of]) => {
        const { recall, recallWithin5s, toMachine, toPerson, unknown, latency } = summarise(of)
        const title = name === 'pooled' ? 'pooled' : `${name}: ${STRATA[name].title}`
        return [
          title,
          String(of.length),
          percent(recall),
          percent(recallWithin5s),
          percent(toMachine),
          percent(toPerson),
          percent(unknown),
          seconds(latency),
        ]
      }),
  )
}

const VERDICTS = ['person', 'machine', 'fax', 'announcement', 'screening', 'signal', 'unknown'] as const

/** What calls of each class were taken for, in per cent of the class. */
export function confusionTable(scores: readonly CallScore[]): string {
  const classes = [...new Set(STRATUM_NAMES.map((name) => STRATA[name].class))]
  return table(
    ['is \\ is called', ...VERDICTS],
    classes.map((each) => {
      const of = scores.filter((score) => score.class === each)
      return [each, ...VERDICTS.map((verdict) => short(pooled(of, (score) => score.verdict === verdict).share))]
    }),
  )
}

/** Sources apart: what a detector cannot know from one of them it cannot know. */
export function sourcesTable(detectors: readonly DetectorScores[]): string {
  const [first] = detectors
  const sources = [...new Set(first?.scores.map(({ class: kind, source }) => `${kind}: ${source}`))].sort()
  return table(
    ['class and source', 'calls', ...detectors.map(({ title }) => title)],
    sources.map((source) => {
      const of = detectors.map(({ scores }) => scores.filter((each) => `${each.class}: ${each.source}` === source))
      return [source, String(of[0]!.length), ...of.map((those) => percent(wilson(rightOf(those), those.length)))]
    }),
  )
}

/** What is on the line, one thing at a time. */
export function conditionsTable(scores: readonly CallScore[]): string {
  const conditions = [...new Set(scores.flatMap((score) => score.conditions))].sort()
  return table(
    ['condition', 'calls', 'people found', 'taken for machines', 'machines found', 'fax, announcements, signals'],
    conditions.map((condition) => {
      const those = scores.filter((score) => score.conditions.includes(condition))
      const people = summarise(ofStrata(those, ...PEOPLE))
      return [
        condition,
        String(those.length),
        percent(people.recall),
        percent(people.toMachine),
        percent(summarise(ofStrata(those, ...MACHINES)).recall),
        percent(summarise(ofStrata(those, 'F', 'A', 'T')).recall),
      ]
    }),
  )
}

/** Of the detectors that look for beeps at all. */
export function beepTable(detectors: readonly DetectorScores[]): string {
  const finders = detectors.filter(({ scores }) =>
    scores.some(({ beep, falseBeeps }) => beep?.isHeard || falseBeeps > 0),
  )
  const summaries = finders.map(({ title, scores }) => ({ title, ...summariseBeeps(scores) }))
  const contents = summaries[0]?.falsePerHour.map(({ of, hours }) => `false in ${hours.toFixed(1)} h of ${of}`) ?? []
  return table(
    [
      'detector',
      'beeps found',
      'of all, however soft',
      'after onset, median / p95',
      ...contents,
      '"ready" told',
      'too early',
      'after the true end',
    ],
    summaries.map(({ title, recall, recallOfAll, latency, falsePerHour, readiness }) => [
      title,
      percent(recall),
      percent(recallOfAll),
      seconds(latency),
      ...falsePerHour.map(({ count }) => String(count)),
      percent(readiness.heard),
      percent(readiness.early),
      seconds(readiness.error),
    ]),
  )
}

export function tonesTable(scores: readonly CallScore[]): string {
  const all = scores.flatMap(({ tones }) => tones)
  const falseOnes = scores.flatMap(({ falseTones }) => falseTones)
  const hours = scores.reduce((sum, { audioMs }) => sum + audioMs, 0) / 3_600_000
  const found = table(
    ['tone', 'calls', 'found', 'after onset, median / p95'],
    [...new Set(all.map(({ name }) => name))].sort().map((name) => {
      const those = all.filter((each) => each.name === name)
      const latencies = those.flatMap(({ latencyMs }) => (latencyMs === undefined ? [] : [latencyMs]))
      return [
        name,
        String(those.length),
        percent(wilson(latencies.length, those.length)),
        seconds({ median: percentile(latencies, 0.5), p95: percentile(latencies, 0.95) }),
      ]
    }),
  )
  const mistaken = [...new Set(falseOnes)]
    .sort()
    .map((name) => `${falseOnes.filter((each) => each === name).length} of ${name}`)
  return `${found}\nFalse ones in ${hours.toFixed(1)} h: ${mistaken.length === 0 ? 'none' : mistaken.join(', ')}.\n`
}

export function calibrationTable(scores: readonly CallScore[]): string {
  const { bins, brier } = calibrate(scores)
  if (Number.isNaN(brier)) return 'It tells no confidence.\n'
  const rows = bins
    .filter(({ verdicts }) => verdicts > 0)
    .map(({ from, to, verdicts, meanConfidence, right }) => [
      `${from} to ${to}`,
      String(verdicts),
      short(meanConfidence),
      percent(right),
    ])
  return `${table(['confidence', 'verdicts', 'mean confidence', 'right'], rows)}\nBrier score ${brier.toFixed(3)}.\n`
}

export function costTable(detectors: readonly DetectorScores[]): string {
  return table(
    ['detector', 'CPU, ms for each second of sound'],
    detectors.map(({ title, scores }) => {
      const cpu = scores.reduce((sum, { cpuMs }) => sum + cpuMs, 0)
      return [title, ((1000 * cpu) / scores.reduce((sum, { audioMs }) => sum + audioMs, 0)).toFixed(2)]
    }),
  )
}

function rightOf(scores: readonly CallScore[]): number {
  return scores.filter((score) => isRight(score, score.verdict)).length
}

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |\n`
  return line(head) + line(head.map(() => '---')) + rows.map(line).join('')
}

function percent({ share, low, high, count }: Share): string {
  if (count === 0) return '-'
  return `${(100 * share).toFixed(1)} % (${(100 * low).toFixed(1)}-${(100 * high).toFixed(1)})`
}

function precisionOf(scores: readonly CallScore[]): string {
  const precision = machinePrecision(scores)
  return Number.isNaN(precision) ? '-' : `${(100 * precision).toFixed(1)} %`
}

function short(share: number): string {
  return Number.isNaN(share) ? '-' : (100 * share).toFixed(1)
}

function seconds({ median, p95 }: Spread): string {
  return Number.isNaN(median) ? '-' : `${(median / 1000).toFixed(2)} / ${(p95 / 1000).toFixed(2)} s`
}

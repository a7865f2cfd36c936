import type { BeepFigures, ClassFigures, CurvePoint, Spread } from './figures.ts'
import type { Share } from './wilson.ts'

/** The figures of recordings for people: classes, what each was called, beeps, and the curve over the sensitivity. */
export function printFigures(
  classes: readonly ClassFigures[],
  beeps: BeepFigures,
  curve: readonly CurvePoint[],
): string {
  const parts = [
    table([
      ['class', 'files', 'right', 'in the end', 'to machine', 'to person', 'unknown', 'latency'],
      ...classes.map((each) => [
        each.class,
        String(each.count),
        shareText(each.recall),
        shareText(each.recallInTheEnd),
        shareText(each.toMachine),
        shareText(each.toPerson),
        shareText(each.unknown),
        spreadText(each.latencyMs),
      ]),
    ]),
    ...wrongOnes(classes),
    beepText(beeps),
  ]
  if (curve.length > 0)
    parts.push(
      table([
        ['sensitivity', 'person to machine', 'machine to person', 'unknown'],
        ...curve.map(({ sensitivity, personToMachine, machineToPerson, unknown }) => [
          sensitivity.toFixed(2),
          shareText(personToMachine),
          shareText(machineToPerson),
          shareText(unknown),
        ]),
      ]),
    )
  return `${parts.join('\n\n')}\n\nIn the end: after revisions. In brackets: intervals of 95 % (Wilson). Latency: median / 95 of 100, of a person after the first utterance, of others after the answer.`
}

function wrongOnes(classes: readonly ClassFigures[]): string[] {
  const lines = classes.map(({ class: label, called }) => {
    const counts = Object.entries(called).map(([verdict, count]) => `${verdict} ${count}`)
    return `${label} was called: ${counts.join(', ')}`
  })
  return lines.length === 0 ? [] : [lines.join('\n')]
}

function beepText({ recall, falseBeeps, hours, readyErrorMs }: BeepFigures): string {
  const lines = [`beeps found: ${shareText(recall)} of ${recall.count}`]
  lines.push(`beeps where none is: ${falseBeeps} in ${hours.toFixed(2)} h`)
  if (!Number.isNaN(readyErrorMs.median)) lines.push(`ready for a message after the end: ${spreadText(readyErrorMs)}`)
  return lines.join('\n')
}

function shareText({ share, low, high, count }: Share): string {
  if (count === 0) return '-'
  const percent = (value: number): string => (100 * value).toFixed(1)
  return `${percent(share)} % (${percent(low)}-${percent(high)})`
}

function spreadText({ median, p95 }: Spread): string {
  return Number.isNaN(median) ? '-' : `${Math.round(median)} / ${Math.round(p95)} ms`
}

function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

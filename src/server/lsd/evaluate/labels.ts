import { UsageError } from '../../../kit/index.ts'

/** What a recording really is. */
export const LABELS = ['person', 'machine', 'fax', 'announcement', 'screening', 'none'] as const
export type Label = (typeof LABELS)[number]

/** What is true of one recording. All times are from its beginning, and may not be known. */
export interface LabelledFile {
  readonly file: string
  readonly class: Label
  /** When the call was answered: what is before that is early media. */
  readonly connectMs: number
  /** When the first utterance of a person ends. */
  readonly speechEndMs?: number
  readonly greetingEndMs?: number
  /** When the beep begins. */
  readonly beepMs?: number
}

const TIMES = ['connectMs', 'speechEndMs', 'greetingEndMs', 'beepMs'] as const

/**
 * Reads `labels.csv`: a line of names, then a line for each file, as RFC 4180 has it; names and classes in capitals or not.
 * @throws UsageError naming the line and what is wrong with it
 */
export function parseLabels(text: string): LabelledFile[] {
  const lines = text.replace(/^\uFEFF/, '').split(/\r?\n/)
  const names = cellsOf(lines[0] ?? '').map((name) => name.trim().toLowerCase())
  for (const name of ['file', 'class'])
    if (!names.includes(name))
      throw new UsageError(
        `labels.csv has no column "${name}" in its first line: it is to be file,class,${TIMES.join(',')}`,
      )
  const labels = lines
    .slice(1)
    .flatMap((line, index) => (line.trim() === '' ? [] : [labelOf(names, cellsOf(line), index + 2)]))
  if (labels.length === 0) throw new UsageError('labels.csv names no file: after its first line it has one for each')
  return labels
}

function labelOf(names: readonly string[], cells: readonly string[], line: number): LabelledFile {
  const cell = (name: string): string => cells[names.indexOf(name.toLowerCase())]?.trim() ?? ''
  const [file, label] = [cell('file'), cell('class').toLowerCase()]
  if (file === '') throw new UsageError(`labels.csv, line ${line}: the file is missing`)
  if (!LABELS.includes(label as Label))
    throw new UsageError(
      `labels.csv, line ${line}: the class must be one of ${LABELS.join(', ')}, not "${cell('class')}"`,
    )
  const times: Partial<Record<(typeof TIMES)[number], number>> = {}
  for (const name of TIMES) {
    const text = cell(name)
    if (text === '') continue
    const ms = Number(text)
    if (!(ms >= 0))
      throw new UsageError(`labels.csv, line ${line}: ${name} must be milliseconds or empty, not "${text}"`)
    times[name] = Math.round(ms)
  }
  return { connectMs: 0, ...times, file, class: label as Label }
}

/** Cells may be in quotes, and then have commas and doubled quotes in them. */
function cellsOf(line: string): string[] {
  return [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map(
    ([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain ?? '',
  )
}

import type { Instant } from '../../kit/index.ts'

/** One line of the diagram: an arrow between two columns, or, without ends, a remark across all of them. */
export interface LadderRow {
  readonly at: Instant
  readonly from?: string
  readonly to?: string
  readonly label: string
  readonly isLost?: boolean
  /** Stands behind the arrow, such as `lost`. */
  readonly remark?: string
}

/** Characters from one column to the next. */
const STEP = 40
const TIME_WIDTH = 12
/** With more hosts than this, a list of arrows reads better than a ladder. */
const MOST_COLUMNS = 5

/** Draws the rows as a ladder: hosts as columns in the order in which they appear, time in ms downwards. */
export function printLadder(rows: readonly LadderRow[]): string {
  const columns = [...new Set(rows.flatMap(({ from, to }) => [from, to]))].filter((name) => name !== undefined)
  if (rows.length === 0) return '(no message was sent)'
  if (columns.length > MOST_COLUMNS) return rows.map(listRow).join('\n')
  const heading = ' '.repeat(TIME_WIDTH + 1) + columns.map((name) => name.slice(0, STEP - 2).padEnd(STEP)).join('')
  return [heading, ...rows.map((row) => ladderRow(row, columns))].map((line) => line.trimEnd()).join('\n')
}

function ladderRow(row: LadderRow, columns: readonly string[]): string {
  const cells = columns
    .map(() => '|'.padEnd(STEP))
    .join('')
    .trimEnd()
  const from = columns.indexOf(row.from ?? '')
  const to = columns.indexOf(row.to ?? '')
  if (from < 0 || to < 0) return `${time(row.at)} ${overwrite(cells, 2, `* ${row.label} `)}`
  const remark = row.remark === undefined || row.remark === '' ? '' : `  ${row.remark}`
  if (from === to) return `${time(row.at)} ${overwrite(cells, from * STEP + 1, `-> itself: ${row.label} `)}${remark}`

  const left = Math.min(from, to) * STEP + 1
  const width = Math.abs(to - from) * STEP - 1
  return `${time(row.at)} ${overwrite(cells, left, arrow(row, width, to > from))}${remark}`
}

/** `---- label ---->` of the given width; a lost message ends in an `x` short of its target. */
function arrow({ label, isLost = false }: LadderRow, width: number, isRightward: boolean): string {
  const text = ` ${label.length > width - 8 ? `${label.slice(0, width - 9)}~` : label} `
  const tip = isLost ? 'x' : isRightward ? '>' : '<'
  const line = width - text.length - 1
  const before = Math.floor(line / 2)
  const [a, b] = ['-'.repeat(before), '-'.repeat(line - before)]
  if (!isLost) return isRightward ? `${a}${text}${b}${tip}` : `${tip}${a}${text}${b}`
  return isRightward ? `${a}${text}${b.slice(2)}${tip}  ` : `  ${tip}${a.slice(2)}${text}${b}`
}

function listRow({ at, from, to, label, isLost = false, remark = '' }: LadderRow): string {
  const ends = from === undefined || to === undefined ? '*' : `${from} ${isLost ? '--x' : '-->'} ${to}:`
  return `${time(at)} ${ends} ${label}${remark === '' ? '' : `  ${remark}`}`
}

function time(at: Instant): string {
  return at.toFixed(3).padStart(TIME_WIDTH)
}

function overwrite(line: string, at: number, text: string): string {
  return line.slice(0, at) + text + line.slice(at + text.length)
}

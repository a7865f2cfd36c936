import type { CallSummary } from '../../calls/index.ts'

/** The recent calls as a table, the last first: when, its id, from whom to whom, and how it ended. */
export function callsTable(calls: readonly CallSummary[]): string {
  if (calls.length === 0) return 'no calls are kept'
  const rows = calls.map(({ id, startedAtMs, direction, from, to, outcome, isOver }) => [
    new Date(startedAtMs).toISOString().replace('T', ' ').replace('Z', ''),
    id,
    direction === 'inbound' ? 'in' : 'out',
    `${bare(from) || 'us'} -> ${bare(to)}`,
    isOver ? outcome : `${outcome} (goes on)`,
  ])
  const widths = [0, 1, 2, 3].map((column) => Math.min(60, Math.max(...rows.map((row) => row[column]?.length ?? 0))))
  const lines = rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  )
  return lines.join('\n')
}

/** The URI without its scheme and parameters, from a URI or a name-addr. */
function bare(address: string): string {
  const uri = /<([^>]*)>/.exec(address)?.[1] ?? address
  return uri.replace(/^sips?:/i, '').replace(/[;?].*$/, '')
}

import type { Callee, Outcome } from './survey-order.ts'

/** Whom the demo calls, and what ought to come of it. */
export interface FarEnd {
  readonly user: string
  readonly is: string
  /** The export of apps/far-ends.ts that plays it; `undefined` for a number that does not exist. */
  readonly app: 'answers' | 'busy' | 'absent' | 'unwilling' | undefined
  readonly timeoutMs: number
  readonly expected: Pick<Outcome, 'outcome'> & { readonly digits?: string; readonly isRecorded?: boolean }
}

export const FAR_ENDS: readonly FarEnd[] = [
  {
    user: 'ann',
    is: 'answers and presses 4711#',
    app: 'answers',
    timeoutMs: 10_000,
    expected: { outcome: 'ANSWERED', digits: '4711', isRecorded: true },
  },
  { user: 'bob', is: 'is busy', app: 'busy', timeoutMs: 10_000, expected: { outcome: 'BUSY' } },
  { user: 'carol', is: 'never answers', app: 'absent', timeoutMs: 2_000, expected: { outcome: 'TIMEOUT' } },
  { user: 'dave', is: 'rejects the call', app: 'unwilling', timeoutMs: 10_000, expected: { outcome: 'REJECTED' } },
  {
    user: '5550199',
    is: 'does not exist',
    app: undefined,
    timeoutMs: 10_000,
    expected: { outcome: 'UNOBTAINABLE' },
  },
]

/** The far ends as the survey calls them. */
export function calleesAt(address: string, port: number): Callee[] {
  return FAR_ENDS.map(({ user, timeoutMs }) => ({ name: user, uri: `sip:${user}@${address}:${port}`, timeoutMs }))
}

/** Whether an outcome is as it ought to be. */
export function isAsExpected({ expected }: FarEnd, outcome: Outcome | undefined): boolean {
  return (
    outcome !== undefined &&
    outcome.outcome === expected.outcome &&
    outcome.digits === expected.digits &&
    (outcome.recording !== undefined) === (expected.isRecorded ?? false)
  )
}

/** An outcome in words: what was expected, or what came of it. */
export function outcomeText(outcome: string, digits: string | undefined, isRecorded: boolean | undefined): string {
  const parts = [outcome]
  if (digits !== undefined) parts.push(`digits ${digits === '' ? '(none)' : digits}`)
  if (isRecorded) parts.push('a recording')
  return parts.join(', ')
}

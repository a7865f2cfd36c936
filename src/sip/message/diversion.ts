import { err, ok, type Result } from '../../kit/index.ts'
import { parseNameAddr, printNameAddr } from './name-addr.ts'
import { type Params, withParam } from './params.ts'
import { parseInteger } from './scan.ts'

/** Why a call was diverted (RFC 5806 section 4, diversion-reason). */
export type DiversionReason =
  | 'unknown'
  | 'user-busy'
  | 'no-answer'
  | 'unavailable'
  | 'unconditional'
  | 'time-of-day'
  | 'do-not-disturb'
  | 'deflection'
  | 'follow-me'
  | 'out-of-service'
  | 'away'

export const DIVERSION_REASONS: readonly DiversionReason[] = [
  'unknown',
  'user-busy',
  'no-answer',
  'unavailable',
  'unconditional',
  'time-of-day',
  'do-not-disturb',
  'deflection',
  'follow-me',
  'out-of-service',
  'away',
]

/** One value of Diversion: who has diverted the call, and why (RFC 5806). The latest stands first in a message. */
export interface Diversion {
  readonly uri: string
  readonly displayName?: string
  /** `unknown` where none is given, or one that is not registered. */
  readonly reason: DiversionReason
  /** How many diversions this value stands for, 1..100. */
  readonly counter: number
  /** Who diverted is not to be shown: `privacy` is there and not `off`. */
  readonly isPrivate: boolean
}

export function parseDiversion(value: string): Result<Diversion> {
  const address = parseNameAddr(value)
  if (!address.ok) return address
  const { uri, displayName, params } = address.value
  const counter = parseInteger(params.get('counter') ?? '1', 100)
  if (counter < 1) return err('Diversion with a counter that is not 1..100')
  return ok({
    uri,
    ...(displayName !== undefined && { displayName }),
    reason: reasonIn(params),
    counter,
    isPrivate: (params.get('privacy') ?? 'off').toLowerCase() !== 'off',
  })
}

export function printDiversion({ uri, displayName, reason, counter, isPrivate }: Diversion): string {
  let params: Params = new Map([
    ['reason', reason],
    ['counter', String(counter)],
  ])
  if (isPrivate) params = withParam(params, 'privacy', 'full')
  return printNameAddr({ uri, ...(displayName !== undefined && { displayName }), params })
}

function reasonIn(params: Params): DiversionReason {
  const reason = params.get('reason')?.toLowerCase() as DiversionReason | undefined
  return reason !== undefined && DIVERSION_REASONS.includes(reason) ? reason : 'unknown'
}

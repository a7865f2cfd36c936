import { err, ok, type Result } from '../../kit/index.ts'
import { parseParams } from './params.ts'
import { parseInteger, skipSpace, tokenEnd } from './scan.ts'

/** What a subscription is about (RFC 6665 section 8.2.1). */
export interface EventType {
  /** The event package, in lower case: `refer`. */
  readonly name: string
  /** Tells several subscriptions of one dialog apart. */
  readonly id?: string
}

export function parseEvent(value: string): Result<EventType> {
  const { word, params } = wordAndParams(value)
  if (word === '' || params === undefined) return err('strange Event')
  const id = params.get('id')
  return ok(id === undefined ? { name: word } : { name: word, id })
}

/** How a subscription stands (RFC 6665 section 4.1.3). */
export interface SubscriptionState {
  /** In lower case: `active`, `pending`, `terminated`, or an extension, which counts as active. */
  readonly state: string
  /** Seconds that are left. */
  readonly expiresS?: number
  /** Why it is over. */
  readonly reason?: string
}

export function parseSubscriptionState(value: string): Result<SubscriptionState> {
  const { word, params } = wordAndParams(value)
  if (word === '' || params === undefined) return err('strange Subscription-State')
  const expiresS = parseInteger(params.get('expires') ?? '', 0xffff_ffff)
  const reason = params.get('reason')?.toLowerCase()
  return ok({
    state: word,
    ...(expiresS >= 0 && { expiresS }),
    ...(reason !== undefined && { reason }),
  })
}

function wordAndParams(value: string): { word: string; params: ReturnType<typeof parseParams> } {
  const start = skipSpace(value, 0)
  const end = tokenEnd(value, start)
  return { word: value.slice(start, end).toLowerCase(), params: parseParams(value, end) }
}

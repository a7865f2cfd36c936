import { err, ok, type Result } from '../../kit/index.ts'
import type { SipHeaders } from './headers.ts'
import { parseParams } from './params.ts'
import { parseInteger, quote, skipSpace, tokenEnd } from './scan.ts'

/** Why a request was sent (RFC 3326): a SIP status or a Q.850 cause, and words. */
export interface Reason {
  /** `SIP`, `Q.850` or another protocol, in upper case. */
  readonly protocol: string
  /** A status 100..699 for `SIP`, 1..127 for `Q.850`. */
  readonly cause?: number
  readonly text?: string
}

export function parseReason(value: string): Result<Reason> {
  const at = skipSpace(value, 0)
  const end = tokenEnd(value, at)
  if (end === at) return err('Reason without a protocol')
  const params = parseParams(value, end)
  if (params === undefined) return err('Reason with strange parameters')
  const cause = parseInteger(params.get('cause') ?? '', 0xffff)
  const text = params.get('text')
  return ok({
    protocol: value.slice(at, end).toUpperCase(),
    ...(cause < 0 ? {} : { cause }),
    ...(text === undefined ? {} : { text }),
  })
}

export function printReason(reason: Reason): string {
  const cause = reason.cause === undefined ? '' : `;cause=${reason.cause}`
  const text = reason.text === undefined ? '' : `;text=${quote(reason.text)}`
  return reason.protocol + cause + text
}

/** The Reason of one protocol in a message; those that cannot be read are passed over. */
export function reasonOf(headers: SipHeaders, protocol: 'SIP' | 'Q.850'): Reason | undefined {
  for (const value of headers.all('reason')) {
    const reason = parseReason(value)
    if (reason.ok && reason.value.protocol === protocol) return reason.value
  }
  return undefined
}

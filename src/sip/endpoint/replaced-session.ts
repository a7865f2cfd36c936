import { parseReplaces, type Replaces, type SipRequest } from '../message/index.ts'
import type { SessionId } from './control.ts'
import type { EndpointCore, Replaceable } from './core.ts'

/**
 * Whose place an INVITE wants to take (RFC 3891 section 3): a session, nobody's, or the status with which it is to be refused.
 *
 *     not to be read, or several                                      400
 *     no such dialog, or an early one that we have not begun          481
 *     a dialog that is over or ending                                 603
 *     established, where only an early one is to be replaced          486
 */
export function replacedSession(
  core: EndpointCore,
  invite: SipRequest,
): { readonly session?: SessionId } | { readonly status: number } {
  const values = invite.headers.all('replaces')
  const [value] = values
  if (value === undefined) return {}
  const parsed = parseReplaces(value)
  if (values.length > 1 || !parsed.ok) return { status: 400 }
  const found = sessionNamed(core, parsed.value)
  const { earlyOnly } = parsed.value
  if (found === undefined) return { status: 481 }
  if (found === 'over') return { status: 603 }
  return earlyOnly && !found.isEarly ? { status: 486 } : { session: found.session }
}

/** The session whose dialog Replaces names, where it may be replaced. */
export function sessionNamed(core: EndpointCore, { callId, toTag, fromTag }: Replaces): Replaceable | undefined {
  return core.dialogOf(toTag, callId, fromTag)?.replaceable?.(fromTag)
}

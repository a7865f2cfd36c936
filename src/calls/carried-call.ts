import { UsageError } from '../kit/index.ts'
import { DIVERSION_REASONS, type DiversionReason } from '../sip/index.ts'
import type { DivertedCall } from './diversion.ts'
import { IncomingLeg } from './incoming-leg.ts'
import type { Leg } from './leg.ts'
import { type Caller, callerOf } from './routing/caller-id.ts'

/**
 * The call of a channel as another call carries it on: who diverts it, and whom it comes from.
 * @throws UsageError when it is no incoming call, or for a reason that there is not
 */
export function carriedCall(
  leg: Leg | undefined,
  reason: DiversionReason = 'unknown',
): { readonly diverted: DivertedCall; readonly caller: Caller } {
  if (!(leg instanceof IncomingLeg))
    throw new UsageError('call: diverts needs a channel with an incoming call, which is then carried on')
  if (!DIVERSION_REASONS.includes(reason))
    throw new UsageError(`call: diversionReason must be one of ${DIVERSION_REASONS.join(', ')}, not ${reason}`)
  const { headers, uri } = leg.request
  return { diverted: { headers, divertedBy: uri, reason }, caller: callerOf(headers, leg.details.assertedIdentity) }
}

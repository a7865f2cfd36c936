import { UsageError } from '../kit/index.ts'
import { DIVERSION_REASONS, type DiversionReason } from '../sip/index.ts'
import type { DivertedCall } from './diversion.ts'
import { IncomingLeg } from './incoming-leg.ts'
import type { Leg } from './leg.ts'
import { type Caller, callerOf } from './routing/caller-id.ts'
import { numberIn } from './routing/number-plan.ts'

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

/** Whom a call is from that brings the far end of `leg` to somebody else: whoever is there, whether he has called or was called. */
export function callerAtFarEnd(leg: Leg): Caller {
  if (leg instanceof IncomingLeg) return callerOf(leg.request.headers, leg.details.assertedIdentity)
  const { to } = leg.details
  if (numberIn(to) !== undefined) return { from: to }
  return /^sips?:/i.test(to) ? { from: `<${to}>` } : {}
}

/** The URI of who is at the other end; `undefined` where that is one of ours. */
export function farEndUri({ details: { direction, from, target } }: Leg): string | undefined {
  const uri = direction === 'inbound' ? from : target
  return /^(sips?|tel):/i.test(uri) ? uri : undefined
}

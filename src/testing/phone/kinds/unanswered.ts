import type { PhoneKind } from '../phone-kind.ts'
import { type AnsweringOptions, ringFor } from './answering.ts'

/** The line is in use: 486. */
export function busy(): PhoneKind {
  return rejects(486)
}

/** Rings and is never answered; with `givesUpAfterMs` the network says 480 then. */
export function noAnswer({ givesUpAfterMs }: { givesUpAfterMs?: number } = {}): PhoneKind {
  return {
    async onCall(phone) {
      phone.ring()
      if (givesUpAfterMs === undefined) return phone.untilEnded()
      await phone.sleep(givesUpAfterMs)
      if (phone.state === 'CALLED') phone.reject(480)
    },
  }
}

/**
 * Refuses every call.
 * @param status 300 to 699; default 603 Decline
 */
export function rejects(status = 603, { rings = 0 }: AnsweringOptions = {}): PhoneKind {
  return {
    async onCall(phone) {
      await ringFor(phone, rings)
      if (phone.state === 'CALLED') phone.reject(status)
    },
  }
}

/** A number that nobody has: 404. */
export function unobtainable(): PhoneKind {
  return rejects(404)
}

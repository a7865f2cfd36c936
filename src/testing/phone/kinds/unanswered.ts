import type { ToneStep } from '../../../media/index.ts'
import type { Sayable } from '../mouth.ts'
import type { PhoneKind } from '../phone-kind.ts'
import { type AnsweringOptions, ringFor, sayIfThere } from './answering.ts'

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

/**
 * A network that says by a tone what it does not say by a status: the tone comes in 183, over and over, until the caller
 * gives up; or once, and then an announcement.
 * @param tone a preset of the exchange or its steps; default `BUSY`
 */
export function networkTone(
  tone: string | readonly ToneStep[] = 'BUSY',
  { rings = 0, ringback = 'RINGBACK', says }: AnsweringOptions & { ringback?: string; says?: Sayable } = {},
): PhoneKind {
  return {
    async onCall(phone) {
      phone.earlyMedia()
      for (let ring = 0; ring < rings && phone.state === 'CALLED'; ring++) await phone.hum(ringback)
      if (phone.state !== 'CALLED') return
      await phone.hum(tone, { loop: says === undefined })
      if (says !== undefined) await sayIfThere(phone, says)
      await phone.untilEnded()
    },
  }
}

/** A number that nobody has: 404. */
export function unobtainable(): PhoneKind {
  return rejects(404)
}

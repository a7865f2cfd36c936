import type { Sayable } from '../mouth.ts'
import type { Phone } from '../phone.ts'
import type { PhoneKind } from '../phone-kind.ts'
import { type AnsweringOptions, list, sayIfThere, take } from './answering.ts'

/** What somebody says and when they hang up. */
export interface PersonOptions extends AnsweringOptions {
  /** Silence before the first word, ms. Default 500. */
  readonly pauseMs?: number
  /** What they say, one after the other. Default `Hello?`. */
  readonly says?: Sayable | readonly Sayable[]
  /** What they do afterwards. */
  readonly afterwards?: (phone: Phone) => Promise<void>
  /** Hangs up when this is heard. */
  readonly hangsUpOn?: RegExp
  /** Hangs up so long after the answer, ms, unless the far end does before. Default: never. */
  readonly hangsUpAfterMs?: number
}

/** Somebody who answers, speaks, and stays until the far end hangs up, unless told otherwise. */
export function person(options: PersonOptions = {}): PhoneKind {
  const { pauseMs = 500, says = 'Hello?', afterwards, hangsUpOn, hangsUpAfterMs } = options
  return {
    async onCall(phone) {
      await take(phone, options)
      const answeredAt = phone.now
      await phone.sleep(pauseMs)
      for (const each of list(says)) await sayIfThere(phone, each)
      await afterwards?.(phone)
      await phone.until(
        'waits for its reason to hang up',
        () => phone.state === 'IDLE' || hasReason(phone, answeredAt),
        {
          isForEnd: true,
          withinMs: Number.POSITIVE_INFINITY,
          ...(hangsUpAfterMs !== undefined && { lookEachMs: 100 }),
        },
      )
      await phone.hangUp()
    },
  }
  function hasReason(phone: Phone, answeredAt: number): boolean {
    if (hangsUpAfterMs !== undefined && phone.now >= answeredAt + hangsUpAfterMs) return true
    return hangsUpOn !== undefined && phone.hasHeard(hangsUpOn)
  }
}

/** Somebody old and careful: five rings, a long silence, and then words with pauses. */
export function slowPerson(options: PersonOptions = {}): PhoneKind {
  return person({ rings: 5, pauseMs: 4000, says: ['Hello ...', 'who is there, please?'], ...options })
}

/** Somebody who answers and never says a word; `sendsPackets: false` for a line on which not even silence is sent. */
export function silent({
  sendsPackets = true,
  ...options
}: AnsweringOptions & { sendsPackets?: boolean } = {}): PhoneKind {
  return { set: { sendsSilence: sendsPackets }, ...person({ ...options, says: [] }) }
}

/** Somebody who answers, puts the caller on hold after a while, and comes back. */
export function holds({
  afterMs = 3000,
  holdMs = 5000,
  ...options
}: PersonOptions & { afterMs?: number; holdMs?: number } = {}): PhoneKind {
  return person({
    ...options,
    async afterwards(phone) {
      await phone.sleep(afterMs)
      if (phone.state === 'ANSWERED') await phone.hold()
      await phone.sleep(holdMs)
      if (phone.state === 'ANSWERED') await phone.resume()
      await options.afterwards?.(phone)
    },
  })
}

/** A phone whose user does what `onCall` says. */
export function scripted(onCall: (phone: Phone) => Promise<void>): PhoneKind {
  return { onCall }
}

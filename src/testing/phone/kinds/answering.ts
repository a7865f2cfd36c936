import type { Sayable } from '../mouth.ts'
import type { Phone } from '../phone.ts'

/** One ring as a caller in the United States hears it: 2 s of sound, 4 s of silence. */
const RING_MS = 6000

/** How somebody takes a call. */
export interface AnsweringOptions {
  /** Answers after this many rings of 6 s; 0 is at once. Default 1. */
  readonly rings?: number
}

/** Rings so often, or until the caller gives up. */
export async function ringFor(phone: Phone, rings: number): Promise<void> {
  if (rings === 0) return
  phone.ring()
  const endsAt = phone.now + rings * RING_MS
  await phone.until('lets it ring', () => phone.state !== 'CALLED' || phone.now >= endsAt, {
    isForEnd: true,
    lookEachMs: 100,
    withinMs: Number.POSITIVE_INFINITY,
  })
}

/** Rings and answers. */
export async function take(phone: Phone, { rings = 1 }: AnsweringOptions): Promise<void> {
  await ringFor(phone, rings)
  await phone.answer()
}

/** Says it unless the call has ended. */
export async function sayIfThere(phone: Phone, what: Sayable): Promise<void> {
  if (phone.state === 'ANSWERED' || phone.state === 'CALLED') await phone.say(what)
}

/** One thing to say is a list of one. */
export function list(says: Sayable | readonly Sayable[]): readonly Sayable[] {
  return Array.isArray(says) ? says : [says as Sayable]
}

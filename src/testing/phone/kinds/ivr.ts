import type { Sayable } from '../mouth.ts'
import type { PhoneKind } from '../phone-kind.ts'
import { type AnsweringOptions, sayIfThere, take } from './answering.ts'

/** What an IVR does with a key: says something, or goes on to a menu below. */
export type Menu = { readonly prompt: Sayable; readonly keys?: Readonly<Record<string, Menu>> }

/** Somebody else's menu: it says a prompt and goes where the keys lead. Without a key it asks three times and hangs up. */
export function ivr(menu: Menu, options: AnsweringOptions & { waitMs?: number } = {}): PhoneKind {
  const { waitMs = 5000 } = options
  return {
    async onCall(phone) {
      await take(phone, { rings: 0, ...options })
      let here: Menu | undefined = menu
      let used = phone.ears.digits.length
      for (let asked = 0; here !== undefined && asked < 3 && phone.state === 'ANSWERED'; asked++) {
        void phone.say(here.prompt)
        const startedAt = phone.now
        const spokenMs = lengthMs(here.prompt)
        const pressed = () => phone.ears.digits.length > used
        await phone.until('waits for a key', () => pressed() || phone.now - startedAt > spokenMs + waitMs, {
          isForEnd: true,
          lookEachMs: 100,
          withinMs: Number.POSITIVE_INFINITY,
        })
        const digit = phone.ears.digits[used]?.digit
        if (digit === undefined) continue
        used++
        phone.silence()
        const next: Menu | undefined = here.keys?.[digit]
        if (next === undefined) continue
        here = next
        asked = -1
        if (here.keys === undefined) {
          await sayIfThere(phone, here.prompt)
          here = undefined
        }
      }
      await phone.hangUp()
    },
  }
}

/** How long it takes to say it, ms. */
function lengthMs(what: Sayable): number {
  return typeof what === 'string' ? what.length * 65 : what.data.length / 8
}

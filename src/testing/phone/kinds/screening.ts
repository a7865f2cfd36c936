import type { Sayable } from '../mouth.ts'
import type { PhoneKind } from '../phone-kind.ts'
import { type AnsweringOptions, sayIfThere, take } from './answering.ts'

/** What a call screener asks, and whom it lets through. */
export interface ScreeningOptions extends AnsweringOptions {
  readonly question?: Sayable
  /** Lets a caller through whose answer matches. Default: everybody who says something. */
  readonly lets?: RegExp
}

/** A call screener: it asks who calls, listens, and lets the caller through to a person or says goodbye. */
export function screening(options: ScreeningOptions = {}): PhoneKind {
  const { question = 'Please say your name and why you are calling.', lets = /./ } = options
  return {
    async onCall(phone) {
      await take(phone, options)
      phone.hears.requireWords('screen a caller')
      await phone.say(question)
      const before = phone.ears.speech.length
      const heardSomething = () => phone.ears.speech.slice(before).some(({ endedAt }) => phone.now - endedAt > 1500)
      await phone.until('listens to the caller', () => phone.state === 'IDLE' || heardSomething(), {
        isForEnd: true,
        lookEachMs: 100,
      })
      if (phone.state === 'IDLE') return
      const isLet = phone.ears.speech
        .slice(before)
        .some(({ utterance }) => lets.test(utterance.text ?? utterance.file ?? ''))
      await sayIfThere(phone, isLet ? 'Thank you. One moment.' : 'Goodbye.')
      if (!isLet) return phone.hangUp()
      await phone.sleep(3000)
      await sayIfThere(phone, 'Hello?')
      await phone.untilEnded()
    },
  }
}

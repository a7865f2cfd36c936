import type { PhoneKind } from '../phone-kind.ts'
import { type AnsweringOptions, take } from './answering.ts'

/** A fax machine that is called: CED (2100 Hz). */
export function fax(options: AnsweringOptions = {}): PhoneKind {
  return {
    async onCall(phone) {
      await take(phone, options)
      await phone.sleep(500)
      if (phone.state === 'ANSWERED') await phone.hum('CED')
      await phone.untilEnded()
    },
  }
}

/** A fax machine that calls: CNG (1100 Hz each 3.5 s) until it is hung up on or has tried for 35 s. */
export function faxCaller(): PhoneKind {
  return {
    async onAnswered(phone) {
      for (let i = 0; i < 10 && phone.state === 'ANSWERED'; i++) await phone.hum('CNG')
      await phone.hangUp()
    },
  }
}

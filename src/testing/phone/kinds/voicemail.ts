import type { ToneStep } from '../../../media/index.ts'
import type { Sayable } from '../mouth.ts'
import type { Phone } from '../phone.ts'
import type { PhoneKind } from '../phone-kind.ts'
import { type AnsweringOptions, list, sayIfThere, take } from './answering.ts'

/** What an answering machine says and takes. */
export interface VoicemailOptions extends AnsweringOptions {
  /** What it says before the beep. Strings and clips are said one after the other. */
  readonly greeting?: Sayable | readonly Sayable[]
  /** Silence between the parts of the greeting, ms. Default 600. */
  readonly pauseMs?: number
  /** A tone by name, its steps, or `none`. Default one second of 1000 Hz. */
  readonly beep?: string | readonly ToneStep[]
  /** It takes no message: it says so and hangs up. */
  readonly isFull?: boolean
  /** How long a message may be, ms. Default 120,000. */
  readonly messageMs?: number
}

const LONG_BEEP: readonly ToneStep[] = [
  { tone1: { frequencyHz: 1000, amplitude: 10 }, durationMs: 1000, add: 'summation' },
]
const GREETING = [
  'You have reached the voicemail of Anna Berger.',
  'I cannot take your call. Please leave a message after the tone.',
]

/** An answering machine. */
export function voicemail(options: VoicemailOptions = {}): PhoneKind {
  const { rings = 4, messageMs = 120_000 } = options
  return {
    async onCall(phone) {
      await take(phone, { rings })
      await phone.sleep(700)
      await greet(phone, options)
      if (phone.state !== 'ANSWERED' || options.isFull) return phone.hangUp()
      const endsAt = phone.now + messageMs
      await phone.until('takes a message', () => phone.state === 'IDLE' || phone.now >= endsAt, {
        isForEnd: true,
        withinMs: Number.POSITIVE_INFINITY,
        lookEachMs: 100,
      })
      await phone.hangUp()
    },
  }
}

/**
 * A mailbox that speaks before it answers: ringback of its own and the greeting come in 183. It answers at the beep, or
 * with `answers: false` says 480 after the greeting.
 */
export function earlyMediaVoicemail({
  answers = true,
  ...options
}: VoicemailOptions & { answers?: boolean } = {}): PhoneKind {
  const { rings = 2 } = options
  return {
    async onCall(phone) {
      phone.earlyMedia()
      for (let ring = 0; ring < rings && phone.state === 'CALLED'; ring++) await phone.hum('RINGBACK')
      if (phone.state !== 'CALLED') return
      for (const part of list(options.greeting ?? GREETING)) await sayIfThere(phone, part)
      if (phone.state !== 'CALLED') return
      if (!answers) return phone.reject(480)
      await phone.answer()
      await beep(phone, options)
      await phone.untilEnded()
    },
  }
}

async function greet(phone: Phone, options: VoicemailOptions): Promise<void> {
  const { greeting = GREETING, pauseMs = 600, isFull } = options
  const parts = list(greeting)
  for (const [i, part] of parts.entries()) {
    if (i > 0) await phone.sleep(pauseMs)
    await sayIfThere(phone, part)
  }
  if (isFull) await sayIfThere(phone, 'The mailbox is full. Goodbye.')
  else await beep(phone, options)
}

async function beep(phone: Phone, { beep: tone = LONG_BEEP }: VoicemailOptions): Promise<void> {
  if (tone === 'none' || phone.state !== 'ANSWERED') return
  await phone.sleep(400)
  if (phone.state === 'ANSWERED') await phone.hum(tone)
}

import type { ToneStep } from '../../media/index.ts'
import type { LinkConditions } from '../network/conditions.ts'
import type { NatKind } from '../network/nat.ts'
import type { DtmfHabits } from './dtmf-habits.ts'
import type { Phone, PhoneOptions, Sayable } from './phone.ts'

/** What kind of phone stands somewhere: its set, its line, and the habits of its user. */
export interface PhoneKind {
  readonly set?: PhoneOptions
  readonly line?: {
    /** How the line treats packets, both ways. */
    readonly conditions?: Partial<LinkConditions>
    readonly nat?: NatKind
  }
  /** What its user does when somebody calls. Without it the test acts by hand. */
  readonly onCall?: (phone: Phone) => Promise<void>
  /** What its user does once a call that the phone made is answered. */
  readonly onAnswered?: (phone: Phone) => Promise<void>
}

/** One ring as a caller in the United States hears it: 2 s of sound, 4 s of silence. */
const RING_MS = 6000

/** How somebody takes a call. */
export interface AnsweringOptions {
  /** Answers after this many rings of 6 s; 0 is at once. Default 1. */
  readonly rings?: number
}

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
function person(options: PersonOptions = {}): PhoneKind {
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
function slowPerson(options: PersonOptions = {}): PhoneKind {
  return person({ rings: 5, pauseMs: 4000, says: ['Hello ...', 'who is there, please?'], ...options })
}

/** Somebody who answers and never says a word; `sendsPackets: false` for a line on which not even silence is sent. */
function silent({ sendsPackets = true, ...options }: AnsweringOptions & { sendsPackets?: boolean } = {}): PhoneKind {
  return { set: { sendsSilence: sendsPackets }, ...person({ ...options, says: [] }) }
}

/** The line is in use: 486. */
function busy(): PhoneKind {
  return rejects(486)
}

/** Rings and is never answered; with `givesUpAfterMs` the network says 480 then. */
function noAnswer({ givesUpAfterMs }: { givesUpAfterMs?: number } = {}): PhoneKind {
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
function rejects(status = 603, { rings = 0 }: AnsweringOptions = {}): PhoneKind {
  return {
    async onCall(phone) {
      await ringFor(phone, rings)
      if (phone.state === 'CALLED') phone.reject(status)
    },
  }
}

/** A number that nobody has: 404. */
function unobtainable(): PhoneKind {
  return rejects(404)
}

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
function voicemail(options: VoicemailOptions = {}): PhoneKind {
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
function earlyMediaVoicemail({ answers = true, ...options }: VoicemailOptions & { answers?: boolean } = {}): PhoneKind {
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

export interface ScreeningOptions extends AnsweringOptions {
  readonly question?: Sayable
  /** Lets a caller through whose answer matches. Default: everybody who says something. */
  readonly lets?: RegExp
}

/** A call screener: it asks who calls, listens, and lets the caller through to a person or says goodbye. */
function screening(options: ScreeningOptions = {}): PhoneKind {
  const { question = 'Please say your name and why you are calling.', lets = /./ } = options
  return {
    async onCall(phone) {
      await take(phone, options)
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

/** What an IVR does with a key: says something, or goes on to a menu below. */
export type Menu = { readonly prompt: Sayable; readonly keys?: Readonly<Record<string, Menu>> }

/** Somebody else's menu: it says a prompt and goes where the keys lead. Without a key it asks three times and hangs up. */
function ivr(menu: Menu, options: AnsweringOptions & { waitMs?: number } = {}): PhoneKind {
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

/** A fax machine that is called: CED (2100 Hz). */
function fax(options: AnsweringOptions = {}): PhoneKind {
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
function faxCaller(): PhoneKind {
  return {
    async onAnswered(phone) {
      for (let i = 0; i < 10 && phone.state === 'ANSWERED'; i++) await phone.hum('CNG')
      await phone.hangUp()
    },
  }
}

/** A switchboard that puts every caller on hold with music. */
function musicOnHold(options: AnsweringOptions = {}): PhoneKind {
  return {
    async onCall(phone) {
      await take(phone, options)
      await sayIfThere(phone, 'Please hold the line.')
      if (phone.state === 'ANSWERED') await phone.hum(MELODY, { loop: true })
      await phone.untilEnded()
    },
  }
}

/** Chords of three voices' worth of steps that are no tone of any network. */
const MELODY: readonly ToneStep[] = [262, 330, 392, 523, 392, 330].map((frequencyHz) => ({
  tone1: { frequencyHz, amplitude: 16 },
  tone2: { frequencyHz: frequencyHz * 1.5, amplitude: 20 },
  durationMs: 400,
  add: 'summation',
}))

/** Somebody who answers, puts the caller on hold after a while, and comes back. */
function holds({
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
function scripted(onCall: (phone: Phone) => Promise<void>): PhoneKind {
  return { onCall }
}

/** Ways of sending keys that gateways are known for. */
const GATEWAYS = {
  /** No marker bit on the first packet of a press. */
  noMarker: { marker: false },
  /** The packets that end a press are never sent. */
  noEnds: { ends: 0 },
  /** Keys are held for 1.7 s. */
  longKeys: { keyMs: 1700 },
  /** Each packet of a press is stamped with its own time. */
  movingTimestamp: { movingTimestamp: true },
  /** Keys as tones in the sound; events are not offered. */
  inband: { by: 'inband' },
  /** Keys by SIP INFO. */
  info: { by: 'info' },
} satisfies Record<string, Partial<DtmfHabits>>

/** The same phone behind a gateway with a habit of its own in sending keys. */
function gateway(habit: keyof typeof GATEWAYS | Partial<DtmfHabits>, kind: PhoneKind = {}): PhoneKind {
  const habits: Partial<DtmfHabits> = typeof habit === 'string' ? GATEWAYS[habit] : habit
  return { ...kind, set: { ...kind.set, dtmf: { ...kind.set?.dtmf, ...habits } } }
}

/** The same phone behind a NAT. */
function behindNat(nat: NatKind, kind: PhoneKind = {}): PhoneKind {
  return { ...kind, line: { ...kind.line, nat } }
}

/** The same phone on a line that treats packets badly, both ways: loss, jitter, reordering, delay. */
function onLine(conditions: Partial<LinkConditions>, kind: PhoneKind = {}): PhoneKind {
  return { ...kind, line: { ...kind.line, conditions: { ...kind.line?.conditions, ...conditions } } }
}

/** The phones that there are, by what happens when they are called. */
export const phones = {
  person,
  slowPerson,
  silent,
  busy,
  noAnswer,
  rejects,
  unobtainable,
  voicemail,
  earlyMediaVoicemail,
  screening,
  ivr,
  fax,
  faxCaller,
  musicOnHold,
  holds,
  scripted,
  gateway,
  behindNat,
  onLine,
} as const

async function ringFor(phone: Phone, rings: number): Promise<void> {
  if (rings === 0) return
  phone.ring()
  const endsAt = phone.now + rings * RING_MS
  await phone.until('lets it ring', () => phone.state !== 'CALLED' || phone.now >= endsAt, {
    isForEnd: true,
    lookEachMs: 100,
    withinMs: Number.POSITIVE_INFINITY,
  })
}

async function take(phone: Phone, { rings = 1 }: AnsweringOptions): Promise<void> {
  await ringFor(phone, rings)
  await phone.answer()
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

async function sayIfThere(phone: Phone, what: Sayable): Promise<void> {
  if (phone.state === 'ANSWERED' || phone.state === 'CALLED') await phone.say(what)
}

function list(says: Sayable | readonly Sayable[]): readonly Sayable[] {
  return Array.isArray(says) ? says : [says as Sayable]
}

function lengthMs(what: Sayable): number {
  return typeof what === 'string' ? what.length * 65 : what.data.length / 8
}

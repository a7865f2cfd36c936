import type { CallDetails, Cause, EndedBy } from '../../calls/index.ts'
import { describeSpeech } from '../phone/ears.ts'
import { describeTone } from '../phone/hearing.ts'
import { Phone } from '../phone/phone.ts'
import type { PhoneCallEnd } from '../phone/phone-line.ts'
import { TestExchange } from '../test-exchange.ts'
import { ofAnyCopy } from './any-copy.ts'

const isPhone = ofAnyCopy(Phone, 'Phone')
const isExchange = ofAnyCopy(TestExchange, 'TestExchange')

/** What a matcher of vitest or jest returns. */
export interface MatcherResult {
  readonly pass: boolean
  readonly message: () => string
}

/** How a call is expected to have ended: of a phone as it saw it, of `pbx.calls` as the exchange did. */
export interface ExpectedEnd {
  readonly by?: PhoneCallEnd['by'] | EndedBy
  /** SIP status of a call that was not answered. */
  readonly status?: number
  /** Of a call of the exchange. */
  readonly cause?: Cause
}

/**
 * Assertions about what has happened, for `expect.extend(matchers)` of vitest and jest. Each failure tells what happened
 * instead, the transcript of the call, and the ladder. In vitest, `import 'ringdown/testing/vitest'` does it with types.
 */
export const matchers = {
  /** The phone has heard words, or a file of that name. */
  toHaveHeard(received: unknown, pattern: RegExp | string): MatcherResult {
    const phone = phoneOf(received, 'toHaveHeard')
    return result(phone, phone.hasHeard(pattern), `have heard ${text(pattern)}`, heard(phone))
  },

  /** The phone has heard these words or files, in this order. */
  toHaveHeardInOrder(received: unknown, ...patterns: readonly (RegExp | string)[]): MatcherResult {
    const phone = phoneOf(received, 'toHaveHeardInOrder')
    const found = phone.hears.inOrder(patterns)
    const missing = patterns[found] === undefined ? '' : `; ${text(patterns[found])} was missing at its place`
    return result(
      phone,
      found === patterns.length,
      `have heard ${patterns.map(text).join(', then ')}`,
      `${missing}${heard(phone)}`,
    )
  },

  /** The phone has heard a tone: see {@link Hearing.tone}. */
  toHaveHeardTone(received: unknown, tone: string | readonly number[]): MatcherResult {
    const phone = phoneOf(received, 'toHaveHeardTone')
    const name = typeof tone === 'string' ? tone : `${tone.join(' + ')} Hz`
    const { tones } = phone.ears
    const instead = tones.length === 0 ? '; no tone was heard' : list('heard instead', tones.map(describeTone))
    return result(phone, phone.hears.hasTone(tone), `have heard the tone ${name}`, instead)
  },

  /** The phone has heard exactly these keys, over all its calls. */
  toHaveHeardDigits(received: unknown, keys: string): MatcherResult {
    const phone = phoneOf(received, 'toHaveHeardDigits')
    const got = phone.ears.digits.map(({ digit }) => digit).join('')
    return result(phone, got === keys, `have heard the digits ${keys}`, `; it heard ${got === '' ? 'none' : got}`)
  },

  /** The last call of the phone is over, in this way; or a call of the exchange (one of `pbx.calls`) was. */
  toHaveEnded(received: unknown, expected: ExpectedEnd = {}): MatcherResult {
    if (isPhone(received)) {
      const { ended } = received
      const pass = ended !== undefined && fits(expected, { by: ended.by, status: ended.status })
      const got = ended === undefined ? '; it has not' : `; it ended ${endText(ended)}`
      return result(received, pass, `have ended its call${wanted(expected)}`, got)
    }
    const { cause, endedBy, rawCause } = callOf(received)
    const pass = fits(expected, { by: endedBy, status: rawCause, cause })
    const got = endText({ by: endedBy, status: rawCause, cause })
    return { pass, message: () => `expected the call to have ended${wanted(expected)}; it ended ${got}` }
  },

  /** A recording is complete and holds these words, or any when no pattern is given. */
  toHaveRecorded(received: unknown, file: string, pattern: RegExp | string = ''): MatcherResult {
    if (!isExchange(received))
      throw new TypeError('toHaveRecorded is for the exchange: expect(pbx).toHaveRecorded(file, /words/)')
    const there = received.recordings.includes(file)
    const said = there ? received.recording(file).said : []
    const words = said.join(' ')
    const pass = there && (typeof pattern === 'string' ? words.includes(pattern) : pattern.test(words))
    const got = there
      ? `; in it was said ${said.length === 0 ? 'nothing' : `“${words}”`}`
      : '; it is not complete or was never made'
    return result(received, pass, `have recorded ${file}${pattern === '' ? '' : ` with ${text(pattern)} in it`}`, got)
  },
} as const

function result(received: Phone | TestExchange, pass: boolean, what: string, instead: string): MatcherResult {
  const who = isPhone(received) ? received.name : 'the exchange'
  const how = pass ? `expected ${who} not to ${what}` : `expected ${who} to ${what}${instead}`
  return { pass, message: () => `${how}\n\n${received.story()}` }
}

function heard(phone: Phone): string {
  const { speech, packets } = phone.ears
  if (packets === 0) return '; not one packet of sound came'
  return speech.length === 0 ? '; no speech was heard' : list('heard instead', speech.map(describeSpeech))
}

function list(what: string, lines: readonly string[]): string {
  return `; ${what}:\n${lines.map((line) => `  ${line}`).join('\n')}`
}

function phoneOf(received: unknown, matcher: string): Phone {
  if (!isPhone(received)) throw new TypeError(`${matcher} is for phones: expect(pbx.phone('alice')).${matcher}(...)`)
  return received
}

function callOf(received: unknown): CallDetails {
  if (typeof received !== 'object' || received === null || !('callId' in received))
    throw new TypeError('toHaveEnded is for a phone, or for a call that is over: expect(pbx.calls[0]).toHaveEnded()')
  return received as CallDetails
}

type End = { readonly [Key in keyof ExpectedEnd]: ExpectedEnd[Key] | undefined }

function fits(expected: ExpectedEnd, got: End): boolean {
  return (Object.keys(expected) as (keyof ExpectedEnd)[]).every(
    (key) => expected[key] === undefined || expected[key] === got[key],
  )
}

function wanted(expected: ExpectedEnd): string {
  const words = endText(expected)
  return words === '' ? '' : ` ${words}`
}

function endText({ by, status, cause }: End): string {
  const parts = [by && `by ${by}`, status !== undefined && `with status ${status}`, cause && `with cause ${cause}`]
  return parts.filter(Boolean).join(', ')
}

function text(pattern: RegExp | string): string {
  return typeof pattern === 'string' ? JSON.stringify(pattern) : String(pattern)
}

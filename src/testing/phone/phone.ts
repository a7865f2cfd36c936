import type { ToneStep } from '../../media/index.ts'
import type { SipPeer } from '../sip/sip-peer.ts'
import { voiceOf } from '../truth/voice.ts'
import { PhoneAudio } from './audio.ts'
import { GOOD_HABITS } from './dtmf-habits.ts'
import type { Ears } from './ears.ts'
import type { PhoneEnvironment } from './environment.ts'
import { ExpectationError } from './expectation-error.ts'
import { Expectations, type UntilOptions, type WithinOptions } from './expectations.ts'
import { Hearing } from './hearing.ts'
import { Keypad } from './keypad.ts'
import type { Sayable } from './mouth.ts'
import type { PhoneKind } from './phone-kind.ts'
import { type PhoneCallEnd, PhoneLine, type PhoneState } from './phone-line.ts'
import { KNOWN_TONES } from './tone-ear.ts'

/**
 * A telephone in the hands of a test or of a script: it calls and is called, hears, speaks and presses keys, with real
 * SIP and RTP. One call at a time; a second caller hears busy. What its user would not do by hand it does by itself:
 * retransmissions, acknowledgements, answers to BYE, CANCEL and re-INVITE.
 */
export class Phone {
  readonly name: string
  readonly sip: SipPeer
  readonly ears: Ears
  /** What can be waited for by ear. */
  readonly hears: Hearing
  readonly #environment: PhoneEnvironment
  readonly #audio: PhoneAudio
  readonly #line: PhoneLine
  readonly #keypad: Keypad
  readonly #expectations: Expectations

  /** @param kind its set and the habits of its user; without these the test acts by hand */
  constructor(environment: PhoneEnvironment, { set = {}, onCall, onAnswered }: PhoneKind = {}) {
    const { host, clock, random } = environment
    const habits = { ...GOOD_HABITS, ...set.dtmf }
    this.#environment = environment
    this.name = host.name
    this.#audio = new PhoneAudio(host, clock, random, set, () => this.#expectations.changed())
    this.ears = this.#audio.ears
    this.hears = new Hearing(this)
    this.#line = new PhoneLine(
      environment,
      this.#audio,
      { ...set, hasTelephoneEvents: habits.by === 'event' },
      {
        onNote: (text) => this.note(text),
        onChange: () => this.#expectations.changed(),
        onCalled: () => this.#run(onCall),
        onAnswered: () => this.#run(onAnswered),
      },
    )
    this.sip = this.#line.sip
    this.#keypad = new Keypad(habits, this.#audio, this.#line)
    this.#expectations = new Expectations(clock, this.#line, this.name, (message, stack) =>
      this.failure(message, stack),
    )
  }

  /** The time on its clock, ms. */
  get now(): number {
    return this.#environment.clock.now
  }

  /** Whether words reach it, as they do in every simulation; on real sockets only sound does. */
  get hearsWords(): boolean {
    return this.#environment.hearsWords ?? true
  }

  get state(): PhoneState {
    return this.#line.state
  }

  /** Its own address, for others to call. */
  get uri(): string {
    return this.sip.uri
  }

  /** How the last call ended; `undefined` while there is none or it goes on. */
  get ended(): PhoneCallEnd | undefined {
    return this.#line.ended
  }

  /** The far end has put us on hold. */
  get isHeld(): boolean {
    return this.#line.isHeld
  }

  /** Where the far end takes our sound; `undefined` without a call that has any. */
  get mediaPeer(): { readonly address: string; readonly port: number } | undefined {
    return this.#audio.remote
  }

  /** How many calls have been made and received. */
  get callCount(): number {
    return this.#line.calls
  }

  // --- calling and being called -------------------------------------------------------------------------------------

  /**
   * Calls and waits for the outcome.
   * @param to a user of the exchange such as `1234`, or a whole `sip:` URI
   * @returns the final SIP status: 200 when answered
   */
  async call(
    to: string,
    options: { headers?: readonly (readonly [string, string])[] } & WithinOptions = {},
  ): Promise<number> {
    this.dial(to, options)
    const { withinMs = 180_000 } = options
    await this.until(
      `expected an answer or a refusal of its call to ${to}`,
      () => this.state !== 'CALLING' && this.state !== 'RINGING',
      { withinMs },
    )
    return this.state === 'ANSWERED' ? 200 : (this.ended?.status ?? 0)
  }

  /** Calls, and does not wait: see {@link expectRinging}, {@link expectAnswer}, {@link expectRefusal}. */
  dial(to: string, { headers = [] }: { headers?: readonly (readonly [string, string])[] } = {}): void {
    this.#requireState('dial', 'IDLE')
    const uri = /^(sips?|tel):/i.test(to) ? to : `sip:${encodeURIComponent(to)}@${this.#environment.exchangeAddress}`
    this.#line.begin('CALLING')
    this.note(`calls ${to}`)
    this.#line.dial(uri, headers)
  }

  /** Waits until the far end rings. */
  async expectRinging(options?: WithinOptions): Promise<void> {
    await this.until('expected ringing', () => this.state === 'RINGING' || this.state === 'ANSWERED', options)
  }

  /** Waits until the far end answers; fails when the call ends first. */
  async expectAnswer(options?: WithinOptions): Promise<void> {
    await this.until('expected an answer', () => this.state === 'ANSWERED', { withinMs: 180_000, ...options })
  }

  /** Waits until the far end refuses the call, with this status when one is given. */
  async expectRefusal(status?: number, options?: WithinOptions): Promise<number> {
    await this.until('expected a refusal', () => this.ended !== undefined || this.state === 'ANSWERED', {
      withinMs: 180_000,
      isForEnd: true,
      ...options,
    })
    const got = this.ended?.status
    if (got === undefined || (status !== undefined && got !== status))
      throw this.failure(
        `expected a refusal${status === undefined ? '' : ` with ${status}`}, and ${got === undefined ? 'was answered' : `got ${got}`}`,
      )
    return got
  }

  /** Waits for somebody who calls. It goes on ringing nowhere until {@link ring} or {@link answer}. */
  async expectCall(options?: WithinOptions): Promise<void> {
    await this.until('expected a call', () => this.state === 'CALLED', { withinMs: 180_000, ...options })
  }

  /** Lets it ring: 180. */
  ring(): void {
    this.#requireState('ring', 'CALLED')
    this.note('rings')
    this.#line.ring()
  }

  /** Sends sound before the answer: 183 with a session description. */
  earlyMedia(): void {
    this.#requireState('earlyMedia', 'CALLED')
    this.note('sends early media')
    this.#line.accept(183)
  }

  /** Answers the call and resolves when the caller has acknowledged it. */
  async answer(): Promise<void> {
    this.#requireState('answer', 'CALLED')
    this.note('answers')
    this.#line.accept(200)
    await this.until('expected the ACK of its answer', () => this.state === 'ANSWERED')
  }

  /** Refuses the call. @param status 300 to 699; default 603 Decline */
  reject(status = 603, headers: readonly (readonly [string, string])[] = []): void {
    this.#requireState('reject', 'CALLED')
    this.note(`rejects with ${status}`)
    this.#line.reject(status, headers)
  }

  /** Ends the call, whatever its state; nothing happens when there is none. */
  async hangUp(): Promise<void> {
    if (this.state === 'IDLE') return
    this.note('hangs up')
    this.#line.hangUp()
    await this.sleep(1)
  }

  /** Waits until the far end hangs up. */
  async expectHangUp(options?: WithinOptions): Promise<void> {
    const calls = this.callCount
    await this.until(
      'expected the far end to hang up',
      () => this.ended?.by === 'far end' || this.callCount !== calls,
      {
        isForEnd: true,
        ...options,
      },
    )
  }

  /** Waits until the call is over, whoever ends it, however long it takes. */
  async untilEnded(): Promise<void> {
    await this.until('waits for the end of its call', () => this.state === 'IDLE', {
      isForEnd: true,
      withinMs: Number.POSITIVE_INFINITY,
    })
  }

  /** Puts the far end on hold: a re-INVITE that says `sendonly`. */
  async hold(): Promise<void> {
    await this.#change('puts the far end on hold', 'sendonly')
  }

  /** Takes the far end back from hold. */
  async resume(): Promise<void> {
    await this.#change('takes the far end back', 'sendrecv')
  }

  // --- speaking and pressing ----------------------------------------------------------------------------------------

  /** Says it, and resolves when it was said or the call has ended. */
  say(what: Sayable): Promise<void> {
    const clip = typeof what === 'string' ? voiceOf(what) : what
    const words = typeof what === 'string' ? { text: what } : {}
    this.note(typeof what === 'string' ? `says “${what}”` : `plays a clip of ${(clip.data.length / 8000).toFixed(1)} s`)
    return this.#transmit('say', (done) =>
      this.#audio.mouth.say(clip, { speaker: this.name, ...words, lengthMs: Math.max(clip.data.length / 8, 20) }, done),
    )
  }

  /**
   * Presses keys.
   * @param keys of `0-9 A-D * #`; a comma is half a second
   */
  press(keys: string): Promise<void> {
    Keypad.check(keys)
    this.note(`presses ${keys}`)
    return this.#transmit('press', (done) => this.#keypad.press(keys, done))
  }

  /** Plays a tone: a preset of the exchange, `CNG`, `CED`, or its steps. Resolves at its end; a loop goes on. */
  hum(tone: string | readonly ToneStep[], { loop = false } = {}): Promise<void> {
    const steps = typeof tone === 'string' ? stepsOf(tone) : tone
    this.note(`hums ${typeof tone === 'string' ? tone : 'a tone'}`)
    if (!loop) return this.#transmit('hum', (done) => this.#audio.mouth.hum(steps, false, done))
    this.#audio.mouth.hum(steps, true, () => {})
    return Promise.resolve()
  }

  /** Is silent at once, whatever it was saying. */
  silence(): void {
    this.#audio.mouth.silence()
  }

  /** Lets time pass. */
  sleep(ms: number): Promise<void> {
    const { clock } = this.#environment
    return clock.pull(`${this.name} sleeps`, clock.sleep(ms))
  }

  // --- hearing ------------------------------------------------------------------------------------------------------

  /**
   * Waits until something was said that matches: words as far as they were spoken, or the name of a file. What was
   * waited for once is used up: the same words must come again to match again.
   * @throws ExpectationError telling what was heard instead
   */
  expectSpeech(pattern: RegExp | string, options?: WithinOptions): Promise<string> {
    return this.hears.speech(pattern, options)
  }

  /** Whether something that matches was heard up to now, in any of its calls. */
  hasHeard(pattern: RegExp | string): boolean {
    return this.hears.has(pattern)
  }

  // --- for expectations ---------------------------------------------------------------------------------------------

  /**
   * Waits until `holds`; it is asked whenever something happens to the phone or comes to its ears.
   * @param what for the message: "expected ..."
   * @throws ExpectationError when time is over, or when the call has ended first unless `isForEnd`
   */
  until(what: string, holds: () => boolean, options?: UntilOptions): Promise<void> {
    return this.#expectations.until(what, holds, options)
  }

  /** An error about this phone, with the transcript and the ladder. */
  failure(message: string, stack: readonly string[] = []): ExpectationError {
    return new ExpectationError(`${this.name} ${message}\n\n${this.#environment.story()}`, stack)
  }

  /** The transcript of all calls around it, and the ladder. */
  story(): string {
    return this.#environment.story()
  }

  /** Adds a line about this phone to the transcript. */
  note(text: string): void {
    this.#environment.onEvent(text)
  }

  #run(script: ((phone: Phone) => Promise<void>) | undefined): void {
    if (script !== undefined)
      this.#environment.runScript(async () => {
        try {
          await script(this)
        } catch (error) {
          // A caller who gives up while it rings is no mistake of the script.
          if (!(error instanceof ExpectationError) || this.#line.wasAnswered || this.ended?.by !== 'far end')
            throw error
        }
      })
  }

  async #change(what: string, direction: 'sendonly' | 'sendrecv'): Promise<void> {
    this.#requireState('a change of the session', 'ANSWERED')
    this.note(what)
    const { answers } = this.#line
    this.#line.reinvite(direction)
    await this.until('expected the answer to its re-INVITE', () => this.#line.answers > answers)
  }

  #transmit(what: string, start: (done: () => void) => void): Promise<void> {
    if (this.#audio.remote === undefined)
      throw this.failure(`cannot ${what}: it has no call with sound (state ${this.state})`)
    const { clock } = this.#environment
    const waiter = clock.waiter<void>(`${this.name} goes on to ${what}`)
    start(() => waiter.resolve())
    return clock.pull(`${this.name} goes on to ${what}`, waiter.promise)
  }

  #requireState(what: string, state: PhoneState): void {
    if (this.state !== state) throw this.failure(`cannot ${what} in state ${this.state}: it must be ${state}`)
  }
}

function stepsOf(tone: string): readonly ToneStep[] {
  const steps = KNOWN_TONES[tone.toUpperCase()]
  if (steps === undefined) throw new Error(`no tone is called "${tone}"; known: ${Object.keys(KNOWN_TONES).join(', ')}`)
  return steps
}

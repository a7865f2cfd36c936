import type { ToneStep } from '../../media/index.ts'
import type { ReferTo } from '../../sip/index.ts'
import type { SipPeer } from '../sip/sip-peer.ts'
import { PhoneAudio } from './audio.ts'
import { Calling } from './calling.ts'
import { GOOD_HABITS } from './dtmf-habits.ts'
import type { Ears } from './ears.ts'
import type { PhoneEnvironment } from './environment.ts'
import { ExpectationError } from './expectation-error.ts'
import { Expectations, type UntilOptions, type WithinOptions } from './expectations.ts'
import { FollowedError, phoneOfCall } from './habit.ts'
import { Hearing } from './hearing.ts'
import { Keypad } from './keypad.ts'
import type { Sayable } from './mouth.ts'
import type { PhoneKind } from './phone-kind.ts'
import { type MediaDirection, type PhoneCallEnd, PhoneLine, type PhoneResponse, type PhoneState } from './phone-line.ts'
import type { AnswerReferOptions, PhoneReferOptions } from './phone-referral.ts'
import type { RegisterOptions } from './phone-registration.ts'
import { Speaking } from './speaking.ts'

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
  readonly #calling: Calling
  readonly #speaking: Speaking
  readonly #expectations: Expectations

  /** How often it was called: the habit of a call is over when another comes. */
  #calledCount = 0

  /** @param kind its set and the habits of its user; without these the test acts by hand */
  constructor(environment: PhoneEnvironment, { set = {}, onPlaced, onCall, onAnswered }: PhoneKind = {}) {
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
        onCalled: () => this.#onCalled(onCall),
        onAnswered: () => this.#run(onAnswered),
      },
    )
    this.sip = this.#line.sip
    this.#calling = new Calling(this, this.#line, environment.exchangeAddress)
    this.#speaking = new Speaking(this, clock, this.#audio, new Keypad(habits, this.#audio, this.#line))
    this.#expectations = new Expectations(clock, this.#line, this.name, (message, stack) =>
      this.failure(message, stack),
    )
    this.#run(onPlaced)
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
  call(
    to: string,
    options: { headers?: readonly (readonly [string, string])[] } & WithinOptions = {},
  ): Promise<number> {
    return this.#calling.call(to, options)
  }

  /**
   * Calls, and does not wait: see {@link expectRinging}, {@link expectAnswer}, {@link expectRefusal}.
   * @param options `from` is the From address; default: this phone
   */
  dial(to: string, options: { headers?: readonly (readonly [string, string])[]; from?: string } = {}): void {
    this.#calling.dial(to, options)
  }

  /** Waits until the far end rings. */
  expectRinging(options?: WithinOptions): Promise<void> {
    return this.#calling.expectRinging(options)
  }

  /** Waits until the far end answers; fails when the call ends first. */
  expectAnswer(options?: WithinOptions): Promise<void> {
    return this.#calling.expectAnswer(options)
  }

  /** Waits until the far end refuses the call, with this status when one is given. */
  expectRefusal(status?: number, options?: WithinOptions): Promise<number> {
    return this.#calling.expectRefusal(status, options)
  }

  /** Waits for somebody who calls. It goes on ringing nowhere until {@link ring} or {@link answer}. */
  expectCall(options?: WithinOptions): Promise<void> {
    return this.#calling.expectCall(options)
  }

  /** Lets it ring: 180. */
  ring(): void {
    this.#calling.ring()
  }

  /** Sends sound before the answer: 183 with a session description. */
  earlyMedia(): void {
    this.#calling.earlyMedia()
  }

  /**
   * Says something else to who calls than {@link ring} and {@link earlyMedia} do.
   * @param status 101 to 199, or 300 to 699, which refuses the call
   */
  respond(status: number, options: PhoneResponse = {}): void {
    this.#calling.respond(status, options)
  }

  /** Answers the call and resolves when the caller has acknowledged it. */
  answer(): Promise<void> {
    return this.#calling.answer()
  }

  /** Refuses the call. @param status 300 to 699; default 603 Decline */
  reject(status = 603, headers: readonly (readonly [string, string])[] = []): void {
    this.#calling.reject(status, headers)
  }

  /** Ends the call, whatever its state; nothing happens when there is none. */
  hangUp(): Promise<void> {
    return this.#calling.hangUp()
  }

  /** Waits until the far end hangs up. */
  expectHangUp(options?: WithinOptions): Promise<void> {
    return this.#calling.expectHangUp(options)
  }

  /** Waits until the call is over, whoever ends it, however long it takes. */
  untilEnded(): Promise<void> {
    return this.#calling.untilEnded()
  }

  /** Puts the far end on hold: a re-INVITE that says `sendonly`. */
  hold(): Promise<void> {
    return this.#calling.hold()
  }

  /** Takes the far end back from hold. */
  resume(): Promise<void> {
    return this.#calling.resume()
  }

  /**
   * Registers with the exchange, so that it is called as its user; with `expiresS: 0` it takes that back. The address that
   * it gives is its own, also behind a NAT.
   * @throws ExpectationError when it is refused
   */
  async register(options: RegisterOptions = {}): Promise<void> {
    const { registration } = this.#line
    this.note(options.expiresS === 0 ? 'takes its registration back' : 'registers')
    registration.send(this.name, options)
    await this.until('expected an answer to its REGISTER', () => registration.status !== undefined, { isForEnd: true })
    if (registration.status !== 200) throw this.failure(`was refused its registration with ${registration.status}`)
  }

  /** Sends a re-INVITE in which its session description says `direction`, and waits for the answer. */
  reinvite(direction: MediaDirection): Promise<void> {
    return this.#calling.reinvite(direction)
  }

  // --- transfers ----------------------------------------------------------------------------------------------------

  /**
   * Asks the far end to connect it with somebody else (REFER, RFC 3515), and waits whether it takes that on. Its user stays in
   * the call until he hangs up.
   * @param target a user of the exchange such as `1234`, or a whole URI: a blind transfer. Or another phone, as the second line
   *   of the same desk: an attended transfer, in which the place of its call is to be taken (Replaces, RFC 3891)
   * @returns the final SIP status of the REFER: 202 when it is taken on. {@link expectReport} tells how it goes
   */
  refer(target: string | Phone, options: PhoneReferOptions & WithinOptions = {}): Promise<number> {
    return this.#calling.refer(target, options)
  }

  /** What the far end has reported of the call that it was asked for: SIP statuses, in order. */
  get reports(): readonly number[] {
    return this.#line.referral.reports
  }

  /** Waits until the far end reports this status; fails when its reports end without. */
  expectReport(status: number, options?: WithinOptions): Promise<void> {
    return this.#calling.expectReport(status, options)
  }

  /** Waits until the far end asks this phone to call somebody else. @returns whom, and in whose place */
  expectRefer(options?: WithinOptions): Promise<ReferTo> {
    return this.#calling.expectRefer(options)
  }

  /**
   * Answers what {@link expectRefer} has waited for. With 202 it does what a telephone does: calls the target while the far
   * end waits, reports how that goes, and has the new call once it is answered; the far end then ends the old one.
   * @param status 202, or 300 to 699 to refuse
   */
  answerRefer(status = 202, options: AnswerReferOptions = {}): void {
    this.#calling.answerRefer(status, options)
  }

  // --- speaking and pressing ----------------------------------------------------------------------------------------

  /** Says it, and resolves when it was said or the call has ended. */
  say(what: Sayable): Promise<void> {
    return this.#speaking.say(what)
  }

  /**
   * Presses keys.
   * @param keys of `0-9 A-D * #`; a comma is half a second
   */
  press(keys: string): Promise<void> {
    return this.#speaking.press(keys)
  }

  /** Plays a tone: a preset of the exchange, `CNG`, `CED`, or its steps. Resolves at its end; a loop goes on. */
  hum(tone: string | readonly ToneStep[], { loop = false } = {}): Promise<void> {
    return this.#speaking.hum(tone, loop)
  }

  /** Is silent at once, whatever it was saying. */
  silence(): void {
    this.#speaking.silence()
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

  #onCalled(habit: PhoneKind['onCall']): void {
    const call = ++this.#calledCount
    const phone = phoneOfCall(this, () => call !== this.#calledCount)
    if (habit !== undefined) this.#run(() => habit(phone))
  }

  #run(script: ((phone: Phone) => Promise<void>) | undefined): void {
    if (script !== undefined)
      this.#environment.runScript(async () => {
        try {
          await script(this)
        } catch (error) {
          if (error instanceof FollowedError) return
          // A caller who gives up while it rings is no mistake of the script.
          if (!(error instanceof ExpectationError) || this.#line.wasAnswered || this.ended?.by !== 'far end')
            throw error
        }
      })
  }
}

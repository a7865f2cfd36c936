import type { AudioClip, ToneStep } from '../../media/index.ts'
import { cseqOf, type SipMessage, type SipRequest, type SipResponse } from '../../sip/index.ts'
import type { PeerCall } from '../sip/peer-call.ts'
import { SipPeer } from '../sip/sip-peer.ts'
import { voiceOf } from '../truth/voice.ts'
import { PhoneAudio } from './audio.ts'
import { type DtmfHabits, GOOD_HABITS } from './dtmf-habits.ts'
import type { Ears } from './ears.ts'
import type { PhoneEnvironment } from './environment.ts'
import { ExpectationError } from './expectation-error.ts'
import { Hearing } from './hearing.ts'
import type { PhoneKind } from './phones.ts'
import { readRemoteAudio } from './remote-audio.ts'
import { KNOWN_TONES } from './tone-ear.ts'

/** Where a phone stands: what `phone.state` reads. */
export type PhoneState = 'IDLE' | 'CALLING' | 'RINGING' | 'CALLED' | 'ANSWERED'

/** The line and the set: what cannot be changed by who uses it. */
export interface PhoneOptions {
  /** Codecs that it knows, in order of preference. Default PCMU, PCMA. */
  readonly codecs?: readonly ('PCMU' | 'PCMA')[]
  /** How its keys are sent. */
  readonly dtmf?: Partial<DtmfHabits>
  /** Sends packets while nobody speaks. Default true. */
  readonly sendsSilence?: boolean
  /** Recognises tones and digits in the sound, which costs time in long runs. Default true. */
  readonly hearsTones?: boolean
  /** The address that its session descriptions name, when that is not its own. */
  readonly claimedMediaAddress?: string
}

/** How an expectation is bounded. */
export interface WithinOptions {
  /** Fail when it has not happened within this much time, ms. Default 30,000. */
  readonly withinMs?: number
}

/** How {@link Phone.until} waits. */
export interface UntilOptions extends WithinOptions {
  /** The end of the call is what is waited for, or does not matter. Default false: it ends the waiting with an error. */
  readonly isForEnd?: boolean
  /** Ask this often too, although nothing has happened, ms. */
  readonly lookEachMs?: number
  /** What happened instead, for the message. */
  readonly instead?: () => string
}

/** How a call ended, as the phone saw it. */
export interface PhoneCallEnd {
  readonly by: 'phone' | 'far end'
  /** The final SIP status of a call that was not answered. */
  readonly status?: number
  readonly at: number
}

/** Something that a phone says: words for a synthetic voice, or a clip. */
export type Sayable = string | AudioClip

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
  readonly #options: PhoneOptions
  readonly #habits: DtmfHabits
  readonly #audio: PhoneAudio
  readonly #waiting = new Set<() => void>()
  readonly #kind: PhoneKind
  #state: PhoneState = 'IDLE'
  #call: PeerCall | undefined
  #end: PhoneCallEnd | undefined
  #isHeld = false
  #wasAnswered = false
  #calls = 0
  #answers = 0
  /** Of our session description (RFC 3264 section 8). */
  #version = 1

  /** @param kind its set and the habits of its user; without these the test acts by hand */
  constructor(environment: PhoneEnvironment, kind: PhoneKind = {}) {
    const options = kind.set ?? {}
    const { host, clock, random, resolve } = environment
    this.#environment = environment
    this.#options = options
    this.#habits = { ...GOOD_HABITS, ...options.dtmf }
    this.#kind = kind
    this.name = host.name
    this.#audio = new PhoneAudio(host, clock, random, options, () => this.#changed())
    this.ears = this.#audio.ears
    this.hears = new Hearing(this)
    this.sip = new SipPeer(
      { host: host as never, clock: clock as never, random, resolve },
      {
        name: host.name,
        retransmits: true,
        onMessage: (message, call) => this.#take(message, call),
      },
    )
  }

  /** The time on its clock, ms. */
  get now(): number {
    return this.#environment.clock.now
  }

  get state(): PhoneState {
    return this.#state
  }

  /** Its own address, for others to call. */
  get uri(): string {
    return this.sip.uri
  }

  /** How the last call ended; `undefined` while there is none or it goes on. */
  get ended(): PhoneCallEnd | undefined {
    return this.#end
  }

  /** The far end has put us on hold. */
  get isHeld(): boolean {
    return this.#isHeld
  }

  /** Where the far end takes our sound; `undefined` without a call that has any. */
  get mediaPeer(): { readonly address: string; readonly port: number } | undefined {
    return this.#audio.remote
  }

  /** How many calls have been made and received. */
  get callCount(): number {
    return this.#calls
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
      () => this.#state !== 'CALLING' && this.#state !== 'RINGING',
      { withinMs },
    )
    return this.#state === 'ANSWERED' ? 200 : (this.#end?.status ?? 0)
  }

  /** Calls, and does not wait: see {@link expectRinging}, {@link expectAnswer}, {@link expectRefusal}. */
  dial(to: string, { headers = [] }: { headers?: readonly (readonly [string, string])[] } = {}): void {
    this.#requireState('dial', 'IDLE')
    const uri = /^(sips?|tel):/i.test(to) ? to : `sip:${encodeURIComponent(to)}@${this.#environment.exchangeAddress}`
    this.#begin('CALLING')
    this.note(`calls ${to}`)
    this.#call = this.sip.invite(uri, { headers, sdp: this.#sdp() })
  }

  /** Waits until the far end rings. */
  async expectRinging(options?: WithinOptions): Promise<void> {
    await this.until('expected ringing', () => this.#state === 'RINGING' || this.#state === 'ANSWERED', options)
  }

  /** Waits until the far end answers; fails when the call ends first. */
  async expectAnswer(options?: WithinOptions): Promise<void> {
    await this.until('expected an answer', () => this.#state === 'ANSWERED', { withinMs: 180_000, ...options })
  }

  /** Waits until the far end refuses the call, with this status when one is given. */
  async expectRefusal(status?: number, options?: WithinOptions): Promise<number> {
    await this.until('expected a refusal', () => this.#end !== undefined || this.#state === 'ANSWERED', {
      withinMs: 180_000,
      isForEnd: true,
      ...options,
    })
    const got = this.#end?.status
    if (got === undefined || (status !== undefined && got !== status))
      throw this.failure(
        `expected a refusal${status === undefined ? '' : ` with ${status}`}, and ${got === undefined ? 'was answered' : `got ${got}`}`,
      )
    return got
  }

  /** Waits for somebody who calls. It goes on ringing nowhere until {@link ring} or {@link answer}. */
  async expectCall(options?: WithinOptions): Promise<void> {
    await this.until('expected a call', () => this.#state === 'CALLED', { withinMs: 180_000, ...options })
  }

  /** Lets it ring: 180. */
  ring(): void {
    this.#requireState('ring', 'CALLED')
    this.note('rings')
    this.#call?.respond(180)
  }

  /** Sends sound before the answer: 183 with a session description. */
  earlyMedia(): void {
    this.#requireState('earlyMedia', 'CALLED')
    this.note('sends early media')
    const call = this.#call as PeerCall
    call.respond(183, { sdp: this.#sdp() })
    this.#startAudio(call.invite)
  }

  /** Answers the call and resolves when the caller has acknowledged it. */
  async answer(): Promise<void> {
    this.#requireState('answer', 'CALLED')
    this.note('answers')
    const call = this.#call as PeerCall
    call.respond(200, { sdp: this.#sdp() })
    this.#startAudio(call.invite)
    await this.until('expected the ACK of its answer', () => this.#state === 'ANSWERED')
  }

  /** Refuses the call. @param status 300 to 699; default 603 Decline */
  reject(status = 603, headers: readonly (readonly [string, string])[] = []): void {
    this.#requireState('reject', 'CALLED')
    this.note(`rejects with ${status}`)
    this.#call?.respond(status, { headers })
    this.#finish({ by: 'phone', status })
  }

  /** Ends the call, whatever its state; nothing happens when there is none. */
  async hangUp(): Promise<void> {
    const call = this.#call
    if (this.#state === 'IDLE' || call === undefined) return
    this.note('hangs up')
    if (this.#state === 'CALLED') call.respond(603)
    else if (this.#state === 'ANSWERED') call.bye()
    else call.cancel()
    this.#finish({ by: 'phone' })
    await this.sleep(1)
  }

  /** Waits until the far end hangs up. */
  async expectHangUp(options?: WithinOptions): Promise<void> {
    const calls = this.#calls
    await this.until('expected the far end to hang up', () => this.#end?.by === 'far end' || this.#calls !== calls, {
      isForEnd: true,
      ...options,
    })
  }

  /** Waits until the call is over, whoever ends it, however long it takes. */
  async untilEnded(): Promise<void> {
    await this.until('waits for the end of its call', () => this.#state === 'IDLE', {
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
    const wrong = [...keys].find((key) => !KEYS.includes(key) && key !== ',')
    if (wrong !== undefined) throw new Error(`press: "${wrong}" is no key; use 0-9 A-D * # and the comma`)
    this.note(`presses ${keys}`)
    return this.#transmit('press', (done) => {
      for (const [i, key] of [...keys].entries()) this.#pressOne(key, i === keys.length - 1 ? done : () => {})
      if (keys === '') done()
    })
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
  until(
    what: string,
    holds: () => boolean,
    { withinMs = 30_000, isForEnd = false, lookEachMs, instead = () => '' }: UntilOptions = {},
  ): Promise<void> {
    const { clock } = this.#environment
    const name = `${this.name} ${what}`
    if (holds()) return clock.pull(name, Promise.resolve())
    const waiter = clock.waiter<void>(name)
    const calls = this.#calls
    const stop = () => {
      callOff()
      stopLooking()
      this.#waiting.delete(look)
    }
    const fail = (why: string) => {
      stop()
      waiter.reject(this.failure(`${what}${why}${instead()}`, waiter.stack))
    }
    const callOff = clock.after(withinMs, () => fail(`: nothing within ${withinMs / 1000} s`), name)
    let stopLooking = () => {}
    const look = () => {
      if (holds()) {
        stop()
        waiter.resolve()
      } else if (!isForEnd && this.#end !== undefined && this.#calls === calls && calls > 0) {
        const { by, status } = this.#end
        fail(
          `, but the call ended first (${by === 'phone' ? 'we hung up' : status === undefined ? 'the far end hung up' : `status ${status}`})`,
        )
      }
    }
    const lookAgain = () => {
      if (lookEachMs === undefined) return
      stopLooking = clock.after(
        lookEachMs,
        () => {
          lookAgain()
          look()
        },
        name,
      )
    }
    lookAgain()
    this.#waiting.add(look)
    const promise = clock.pull(name, waiter.promise)
    if (this.#state === 'IDLE') look()
    return promise
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

  // --- SIP ----------------------------------------------------------------------------------------------------------

  #take(message: SipMessage, call: PeerCall): boolean {
    const taken = message.kind === 'request' ? this.#takeRequest(message, call) : this.#takeResponse(message, call)
    this.#changed()
    return taken
  }

  #takeRequest(request: SipRequest, call: PeerCall): boolean {
    if (request.method === 'INVITE' && call !== this.#call) return this.#takeInvite(request, call)
    switch (request.method) {
      case 'INVITE':
        this.#takeReinvite(request, call)
        return true
      case 'ACK':
        if (call === this.#call) this.#acknowledged(request)
        return true
      case 'BYE':
        call.respond(200, {}, request)
        if (call === this.#call) {
          this.note('is hung up on')
          this.#finish({ by: 'far end' })
        }
        return true
      case 'CANCEL':
        call.acceptCancel(request)
        if (call === this.#call) {
          this.note('is given up on')
          this.#finish({ by: 'far end' })
        }
        return true
      default:
        call.respond(/^(INFO|OPTIONS|MESSAGE|UPDATE)$/.test(request.method) ? 200 : 405, {}, request)
        return true
    }
  }

  #takeInvite(request: SipRequest, call: PeerCall): boolean {
    if (this.#state !== 'IDLE') {
      call.respond(486)
      return true
    }
    this.#begin('CALLED')
    this.#call = call
    const from = request.headers.get('from') ?? ''
    this.note(`is called by ${/<?sips?:([^>;]+)/.exec(from)?.[1] ?? from}`)
    this.#run(this.#kind.onCall)
    return true
  }

  #run(script: ((phone: Phone) => Promise<void>) | undefined): void {
    if (script !== undefined)
      this.#environment.runScript(async () => {
        try {
          await script(this)
        } catch (error) {
          // A caller who gives up while it rings is no mistake of the script.
          if (!(error instanceof ExpectationError) || this.#wasAnswered || this.#end?.by !== 'far end') throw error
        }
      })
  }

  #acknowledged(ack: SipRequest): void {
    if (this.#call?.invite.body.length === 0 || ack.body.length > 0) this.#startAudio(ack)
    if (this.#state !== 'CALLED') return
    this.#state = 'ANSWERED'
    this.#wasAnswered = true
  }

  #takeReinvite(request: SipRequest, call: PeerCall): void {
    const remote = readRemoteAudio(request.body, this.#options.codecs)
    this.#isHeld = remote?.direction === 'sendonly' || remote?.direction === 'inactive'
    const direction = {
      sendonly: 'recvonly',
      recvonly: 'sendonly',
      inactive: 'inactive',
      sendrecv: 'sendrecv',
    } as const
    call.respond(200, { sdp: { ...this.#sdp(), direction: direction[remote?.direction ?? 'sendrecv'] } }, request)
    if (remote !== undefined) this.#audio.start(remote)
  }

  #takeResponse(response: SipResponse, call: PeerCall): boolean {
    if (cseqOf(response)?.method !== 'INVITE') return true
    const { status } = response
    if (call !== this.#call || this.#state === 'IDLE') {
      // Answered at the moment at which we gave up.
      if (status >= 200 && status < 300) {
        call.ack()
        call.bye()
      }
      return true
    }
    if (status < 200) {
      if (response.body.length > 0) this.#startAudio(response)
      if (status >= 180 && this.#state === 'CALLING') this.#state = 'RINGING'
      return true
    }
    if (status >= 300) {
      if (this.#state !== 'ANSWERED') {
        this.note(`is refused with ${status} ${response.phrase}`)
        this.#finish({ by: 'far end', status })
      }
      return true
    }
    call.ack()
    this.#startAudio(response)
    if (this.#state !== 'ANSWERED') {
      this.note('is answered')
      this.#state = 'ANSWERED'
      this.#run(this.#kind.onAnswered)
    }
    this.#wasAnswered = true
    this.#answers++
    return true
  }

  async #change(what: string, direction: 'sendonly' | 'sendrecv'): Promise<void> {
    this.#requireState('a change of the session', 'ANSWERED')
    this.note(what)
    const answers = this.#answers
    this.#audio.isMuted = direction === 'sendonly'
    this.#version++
    this.#call?.reinvite({ sdp: { ...this.#sdp(), direction } })
    await this.until('expected the answer to its re-INVITE', () => this.#answers > answers)
  }

  #sdp() {
    const { codecs = ['PCMU', 'PCMA'], claimedMediaAddress } = this.#options
    const { address, port } = this.#audio.local
    const telephoneEvent = this.#habits.by === 'event' ? 101 : null
    return { address: claimedMediaAddress ?? address, port, codecs, telephoneEvent, version: this.#version }
  }

  #startAudio({ body }: { readonly body: Uint8Array }): void {
    const remote = readRemoteAudio(body, this.#options.codecs)
    if (remote !== undefined) this.#audio.start(remote)
  }

  #begin(state: 'CALLING' | 'CALLED'): void {
    this.#calls++
    this.#end = undefined
    this.#isHeld = false
    this.#wasAnswered = false
    this.#audio.isMuted = false
    this.#state = state
  }

  #finish(end: Omit<PhoneCallEnd, 'at'>): void {
    if (this.#state === 'IDLE') return
    this.#state = 'IDLE'
    this.#end = { ...end, at: this.#environment.clock.now }
    this.#audio.stop()
    this.#changed()
  }

  #pressOne(key: string, done: () => void): void {
    const { mouth, remote } = this.#audio
    const { by, keyMs, gapMs } = this.#habits
    if (key === ',') mouth.hum([{ durationMs: 500, add: 'summation' }], false, done)
    else if (by === 'info') {
      this.#call?.request('INFO', {
        body: `Signal=${key}\r\nDuration=${keyMs}\r\n`,
        contentType: 'application/dtmf-relay',
      })
      mouth.hum([{ durationMs: keyMs + gapMs, add: 'summation' }], false, done)
    } else if (by === 'event' && remote?.telephoneEvent !== undefined)
      mouth.press(KEYS.indexOf(key), this.#habits, done)
    else mouth.hum(keyTones(key, keyMs, gapMs), false, done)
  }

  #transmit(what: string, start: (done: () => void) => void): Promise<void> {
    if (this.#audio.remote === undefined)
      throw this.failure(`cannot ${what}: it has no call with sound (state ${this.#state})`)
    const { clock } = this.#environment
    const waiter = clock.waiter<void>(`${this.name} goes on to ${what}`)
    start(() => waiter.resolve())
    return clock.pull(`${this.name} goes on to ${what}`, waiter.promise)
  }

  #changed(): void {
    for (const look of [...this.#waiting]) look()
  }

  #requireState(what: string, state: PhoneState): void {
    if (this.#state !== state) throw this.failure(`cannot ${what} in state ${this.#state}: it must be ${state}`)
  }
}

const KEYS = '0123456789*#ABCD'
const KEYPAD = '123A456B789C*0#D'
const LOW_HZ = [697, 770, 852, 941]
const HIGH_HZ = [1209, 1336, 1477, 1633]

function keyTones(key: string, durationMs: number, gapMs: number): ToneStep[] {
  const at = KEYPAD.indexOf(key)
  const component = (frequencyHz: number | undefined) => ({ frequencyHz: frequencyHz ?? 0, amplitude: 9 })
  return [
    { tone1: component(LOW_HZ[at >> 2]), tone2: component(HIGH_HZ[at & 3]), durationMs, add: 'summation' },
    { durationMs: gapMs, add: 'summation' },
  ]
}

function stepsOf(tone: string): readonly ToneStep[] {
  const steps = KNOWN_TONES[tone.toUpperCase()]
  if (steps === undefined) throw new Error(`no tone is called "${tone}"; known: ${Object.keys(KNOWN_TONES).join(', ')}`)
  return steps
}

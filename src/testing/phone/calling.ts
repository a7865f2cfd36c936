import type { ReferTo } from '../../sip/index.ts'
import type { PeerCall } from '../sip/peer-call.ts'
import type { WithinOptions } from './expectations.ts'
import type { Phone } from './phone.ts'
import type { MediaDirection, PhoneLine, PhoneResponse, PhoneState } from './phone-line.ts'
import type { AnswerReferOptions, PhoneReferOptions } from './phone-referral.ts'

/**
 * How a phone calls and is called: each function as {@link Phone} describes it, and only in the states of the line in which
 * it makes sense.
 */
export class Calling {
  readonly #phone: Phone
  readonly #line: PhoneLine
  readonly #exchangeAddress: string

  /** @param exchangeAddress where numbers are called */
  constructor(phone: Phone, line: PhoneLine, exchangeAddress: string) {
    this.#phone = phone
    this.#line = line
    this.#exchangeAddress = exchangeAddress
  }

  async call(
    to: string,
    options: { headers?: readonly (readonly [string, string])[] } & WithinOptions,
  ): Promise<number> {
    this.dial(to, options)
    const { withinMs = 180_000 } = options
    await this.#phone.until(
      `expected an answer or a refusal of its call to ${to}`,
      () => this.#line.state !== 'CALLING' && this.#line.state !== 'RINGING',
      { withinMs },
    )
    return this.#line.state === 'ANSWERED' ? 200 : (this.#line.ended?.status ?? 0)
  }

  dial(to: string, { headers = [], from }: { headers?: readonly (readonly [string, string])[]; from?: string }): void {
    this.#requireState('dial', 'IDLE')
    const uri = this.#uriOf(to)
    this.#phone.note(`calls ${to}`)
    this.#line.dial(uri, headers, from)
  }

  async expectRinging(options?: WithinOptions): Promise<void> {
    await this.#phone.until(
      'expected ringing',
      () => this.#line.state === 'RINGING' || this.#line.state === 'ANSWERED',
      options,
    )
  }

  async expectAnswer(options?: WithinOptions): Promise<void> {
    await this.#phone.until('expected an answer', () => this.#line.state === 'ANSWERED', {
      withinMs: 180_000,
      ...options,
    })
  }

  async expectRefusal(status?: number, options?: WithinOptions): Promise<number> {
    await this.#phone.until(
      'expected a refusal',
      () => this.#line.ended !== undefined || this.#line.state === 'ANSWERED',
      { withinMs: 180_000, isForEnd: true, ...options },
    )
    const got = this.#line.ended?.status
    if (got === undefined || (status !== undefined && got !== status))
      throw this.#phone.failure(
        `expected a refusal${status === undefined ? '' : ` with ${status}`}, and ${got === undefined ? 'was answered' : `got ${got}`}`,
      )
    return got
  }

  async expectCall(options?: WithinOptions): Promise<void> {
    await this.#phone.until('expected a call', () => this.#line.state === 'CALLED', {
      withinMs: 180_000,
      isForEnd: true,
      ...options,
    })
  }

  ring(): void {
    this.#requireState('ring', 'CALLED')
    this.#phone.note('rings')
    this.#line.ring()
  }

  earlyMedia(): void {
    this.#requireState('earlyMedia', 'CALLED')
    this.#phone.note('sends early media')
    this.#line.accept(183)
  }

  respond(status: number, options: PhoneResponse): void {
    this.#requireState('respond', 'CALLED')
    if (!(status > 100 && status < 700 && (status < 200 || status >= 300)))
      throw this.#phone.failure(
        `cannot respond with ${status}: it must be 101 to 199 or 300 to 699, and 200 is answer()`,
      )
    this.#phone.note(`responds with ${status}`)
    this.#line.respond(status, options)
  }

  async answer(): Promise<void> {
    this.#requireState('answer', 'CALLED')
    this.#phone.note('answers')
    this.#line.accept(200)
    await this.#phone.until('expected the ACK of its answer', () => this.#line.state === 'ANSWERED')
  }

  reject(status: number, headers: readonly (readonly [string, string])[]): void {
    this.#requireState('reject', 'CALLED')
    this.#phone.note(`rejects with ${status}`)
    this.#line.reject(status, headers)
  }

  async hangUp(): Promise<void> {
    if (this.#line.state === 'IDLE') return
    this.#phone.note('hangs up')
    this.#line.hangUp()
    await this.#phone.sleep(1)
  }

  async expectHangUp(options?: WithinOptions): Promise<void> {
    const calls = this.#line.calls
    await this.#phone.until(
      'expected the far end to hang up',
      () => this.#line.ended?.by === 'far end' || this.#line.calls !== calls,
      { isForEnd: true, ...options },
    )
  }

  async untilEnded(): Promise<void> {
    await this.#phone.until('waits for the end of its call', () => this.#line.state === 'IDLE', {
      isForEnd: true,
      withinMs: Number.POSITIVE_INFINITY,
    })
  }

  async hold(): Promise<void> {
    await this.#change('puts the far end on hold', 'sendonly')
  }

  async resume(): Promise<void> {
    await this.#change('takes the far end back', 'sendrecv')
  }

  async reinvite(direction: MediaDirection): Promise<void> {
    await this.#change(`sends a re-INVITE that says ${direction}`, direction)
  }

  async #change(what: string, direction: MediaDirection): Promise<void> {
    this.#requireState('a change of the session', 'ANSWERED')
    this.#phone.note(what)
    const { answers } = this.#line
    this.#line.reinvite(direction)
    await this.#phone.until('expected the answer to its re-INVITE', () => this.#line.answers > answers)
  }

  async refer(target: string | Phone, options: PhoneReferOptions & WithinOptions): Promise<number> {
    this.#requireState('refer', 'ANSWERED')
    const replaces = typeof target === 'string' ? undefined : target.sip.latestCall
    const uri = typeof target === 'string' ? this.#uriOf(target) : (replaces?.remoteTarget ?? '')
    this.#phone.note(`asks that it be transferred to ${uri}`)
    const { referral } = this.#line
    referral.send(this.#line.call as PeerCall, uri, replaces, options)
    await this.#phone.until('expected an answer to its REFER', () => referral.status !== undefined, {
      isForEnd: true,
      ...options,
    })
    return referral.status ?? 0
  }

  async expectReport(status: number, options?: WithinOptions): Promise<void> {
    const { referral } = this.#line
    await this.#phone.until(
      `expected the report of ${status}`,
      () => referral.reports.includes(status) || referral.areReportsOver,
      { isForEnd: true, withinMs: 180_000, ...options },
    )
    if (!referral.reports.includes(status))
      throw this.#phone.failure(`expected the report of ${status}, and was told ${referral.reports.join(', ')}`)
  }

  async expectRefer(options?: WithinOptions): Promise<ReferTo> {
    const { referral } = this.#line
    await this.#phone.until('expected a REFER', () => referral.asked !== undefined, { withinMs: 180_000, ...options })
    return referral.asked as ReferTo
  }

  answerRefer(status: number, options: AnswerReferOptions): void {
    const { asked } = this.#line.referral
    if (asked === undefined) throw this.#phone.failure('cannot answer a REFER: none has come')
    this.#phone.note(`answers that it be transferred to ${asked.uri} with ${status}`)
    this.#line.referral.answer(status, options)
  }

  #uriOf(to: string): string {
    return /^(sips?|tel):/i.test(to) ? to : `sip:${encodeURIComponent(to)}@${this.#exchangeAddress}`
  }

  #requireState(what: string, state: PhoneState): void {
    if (this.#line.state !== state)
      throw this.#phone.failure(`cannot ${what} in state ${this.#line.state}: it must be ${state}`)
  }
}

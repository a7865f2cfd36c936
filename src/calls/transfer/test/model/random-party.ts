import { chance, integerBelow, type Random, uniform, utf8Decode } from '../../../../kit/index.ts'
import type { SipMessage, SipRequest } from '../../../../sip/index.ts'
import type { PeerCall, VirtualClock } from '../../../../testing/index.ts'

/** The choices of one party of a run. */
export class Chance {
  readonly #random: Random
  readonly #clock: VirtualClock

  constructor(random: Random, clock: VirtualClock) {
    this.#random = random
    this.#clock = clock
  }

  one<T>(from: readonly T[]): T {
    return from[integerBelow(this.#random, from.length)] as T
  }

  maybe(p: number): boolean {
    return chance(this.#random, p)
  }

  /** Mostly soon: many moments matter that last for a few milliseconds. */
  delayMs(mostMs: number): number {
    return mostMs * uniform(this.#random) ** 3
  }

  later(mostMs: number, act: () => void): void {
    this.#clock.after(this.delayMs(mostMs), act, 'a random party')
  }
}

/** Where the call of a far end is, as it sees that itself. */
type FarEndState = 'never' | 'begun' | 'answered' | 'confirmed' | 'over'

/** One whose call is with the exchange: it hangs up, holds, asks and answers at random moments. */
abstract class RandomParty {
  state: FarEndState = 'never'
  /** Where it sends its sound, by the last description that it has taken. */
  soundTo: string | undefined
  /** It has refused to send it elsewhere, or has said what makes no sense, so that nobody knows. */
  hasRefused = false
  protected readonly choose: Chance
  readonly #stayMs: number

  constructor(choose: Chance, stayMs: number) {
    this.choose = choose
    this.#stayMs = stayMs
  }

  abstract receive(message: SipMessage, call: PeerCall): void

  /** The call stands. */
  protected confirmed(call: PeerCall): void {
    if (this.state === 'confirmed' || this.state === 'over') return
    this.state = 'confirmed'
    if (this.choose.maybe(0.5)) this.choose.later(this.#stayMs, () => this.hangUp(call))
    if (this.choose.maybe(0.2)) this.choose.later(this.#stayMs, () => this.#ask(call))
  }

  hangUp(call: PeerCall): void {
    if (this.state !== 'confirmed') return
    this.state = 'over'
    call.bye()
  }

  #ask(call: PeerCall): void {
    if (this.state !== 'confirmed') return
    const what = this.choose.one(['hold', 'INFO', 'OPTIONS', 'MESSAGE'])
    if (what === 'hold') call.reinvite({ sdp: { direction: this.choose.one(['sendonly', 'sendrecv', 'inactive']) } })
    else call.request(what)
  }

  /** Takes what the exchange says of its sound. */
  protected heed({ body }: SipMessage): void {
    this.soundTo = /^c=IN IP4 (\S+)/m.exec(utf8Decode(body))?.[1] ?? this.soundTo
  }

  /** A re-INVITE: mostly taken, now and then refused, or answered with nothing that could be understood. */
  #answerReinvite(invite: SipRequest, call: PeerCall): void {
    const how = this.choose.maybe(0.75) ? 'taken' : this.choose.one([488, 491, 500, 'nonsense'] as const)
    if (how === 'taken') {
      this.heed(invite)
      call.respond(200, { sdp: true }, invite)
      return
    }
    this.hasRefused = true
    call.respond(how === 'nonsense' ? 200 : how, {}, invite)
  }

  protected answerInDialog(message: SipMessage, call: PeerCall): void {
    if (message.kind === 'response') {
      if (message.headers.get('cseq')?.endsWith('INVITE') === true && message.status < 300) this.heed(message)
      const isReinvite = this.state === 'confirmed' && message.headers.get('cseq')?.endsWith('INVITE')
      if (isReinvite && message.status >= 200 && message.status < 300) call.ack()
    } else if (message.method === 'BYE') {
      this.state = 'over'
      call.respond(200, {}, message)
    } else if (message.method === 'INVITE') this.#answerReinvite(message, call)
    else if (message.method !== 'ACK') call.respond(200, {}, message)
  }
}

/** Calls, and is transferred. */
export class RandomCaller extends RandomParty {
  override receive(message: SipMessage, call: PeerCall): void {
    const isAnswer =
      message.kind === 'response' && this.state === 'begun' && message.headers.get('cseq')?.endsWith('INVITE')
    if (!isAnswer) this.answerInDialog(message, call)
    else if (message.status >= 300) this.state = 'over'
    else if (message.status >= 200) {
      this.heed(message)
      call.ack()
      this.confirmed(call)
    }
  }
}

const REFUSALS = [302, 401, 403, 404, 408, 410, 480, 484, 486, 488, 500, 502, 503, 504, 600, 603, 606]

/** Is called, rings, and answers, refuses, or says nothing; also after it was given up on. */
export class RandomTarget extends RandomParty {
  #hasRung = false

  /** It rings, and was not told that nobody calls any more. */
  get isWaiting(): boolean {
    return this.state === 'begun' && this.#hasRung
  }

  receive(message: SipMessage, call: PeerCall): void {
    if (message.kind === 'request' && message.method === 'INVITE' && this.state === 'never') this.#ring(call)
    else if (message.kind === 'request' && message.method === 'CANCEL') this.#cancelled(message, call)
    else if (message.kind === 'request' && message.method === 'ACK') {
      if (this.state === 'answered') this.confirmed(call)
    } else this.answerInDialog(message, call)
  }

  #ring(call: PeerCall): void {
    const { choose } = this
    this.state = 'begun'
    this.heed(call.invite)
    if (choose.maybe(0.3)) call.respond(100)
    if (choose.maybe(0.6)) choose.later(1000, () => this.#progress(call, 180))
    if (choose.maybe(0.1)) choose.later(1000, () => this.#progress(call, 183))
    const final = choose.one(['answers', 'answers', 'answers', 'refuses', 'nothing'])
    if (final !== 'nothing') choose.later(6000, () => this.state === 'begun' && this.#final(call, final === 'answers'))
  }

  #progress(call: PeerCall, status: 180 | 183): void {
    if (this.state !== 'begun') return
    this.#hasRung = true
    call.respond(status, status === 183 ? { sdp: true } : {})
  }

  #final(call: PeerCall, answers: boolean): void {
    this.state = answers ? 'answered' : 'over'
    if (!answers) call.respond(this.choose.one(REFUSALS))
    // A 200 without a description is none that anybody can talk by.
    else call.respond(200, this.choose.maybe(0.05) ? {} : { sdp: true })
  }

  #cancelled(cancel: SipMessage & { kind: 'request' }, call: PeerCall): void {
    call.respond(200, {}, cancel)
    if (this.state !== 'begun') return
    // The answer may have been under way already (RFC 3261 section 9.2).
    if (this.choose.maybe(0.2)) this.#final(call, true)
    else {
      this.state = 'over'
      call.respond(487)
    }
  }
}

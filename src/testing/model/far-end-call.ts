import { cseqOf, hasWord, type SipMessage, type SipRequest, type SipResponse, toTag } from '../../sip/index.ts'
import type { MessageOptions, PeerCall } from '../sip/peer-call.ts'
import type { Chooser } from './chooser.ts'

const DIRECTIONS = ['sendrecv', 'sendonly', 'recvonly', 'inactive'] as const
const CODECS = [['PCMU'], ['PCMA'], ['PCMU', 'PCMA'], ['PCMA', 'PCMU']] as const
/** A far end has a mind to do something so many times in a call. */
const MOST_ACTS = 8

/**
 * What both sorts of random far ends do in a call that stands: any request that a dialog allows, at any moment, and any
 * answer to what they are asked. Some stop saying anything at all, as one whose power failed.
 */
export abstract class FarEndCall {
  protected readonly call: PeerCall
  protected readonly choose: Chooser
  /** Nothing is said any more, whatever comes. */
  protected isDead = false
  /** We have sent BYE, or answered one, or know that there never was a call. */
  protected isOver = false
  /** The other side has said that it is over. */
  protected wasTold = false
  /** Our BYE was for a call that the other side did not know any more. */
  #wasUnknown = false
  #version = 1
  /** An INVITE of either side is not done yet. */
  #isInviting = false
  #isConfirmed = false

  constructor(call: PeerCall, choose: Chooser) {
    this.call = call
    this.choose = choose
    if (choose.maybe(0.03)) choose.later(20_000, () => this.#die())
  }

  /** Takes every message of the call, each once. */
  receive(message: SipMessage): void {
    if (this.isDead) return
    if (message.kind === 'response') this.#onResponse(message)
    else this.#onRequest(message)
  }

  /** What the other side did wrong, when all is over. */
  verdict(): string | undefined {
    return this.#wasUnknown && !this.wasTold && !this.isDead ? 'a call ended and nobody told the far end' : undefined
  }

  protected abstract onFirstInvite(): void
  protected abstract onInviteResponse(response: SipResponse): void
  protected abstract onCancel(request: SipRequest): void
  protected onAck(): void {}
  protected onPrack(): void {}

  /** A description that is the latest word of ours, for an offer or an answer. */
  protected sdp(changes: { direction?: (typeof DIRECTIONS)[number] } = {}): MessageOptions {
    return { sdp: { codecs: this.choose.one(CODECS), version: ++this.#version, ...changes } }
  }

  /** The call stands from here on: things happen in it, and at last it is hung up, unless the other side does first. */
  protected confirmed(): void {
    if (this.#isConfirmed) return
    this.#isConfirmed = true
    const stayMs = this.choose.maybe(0.05) ? 300_000 : 30_000
    const acts = Math.floor(this.choose.delayMs(MOST_ACTS + 1))
    for (let i = 0; i < acts; i++) this.choose.later(stayMs / 2, () => this.#act())
    this.choose.later(stayMs, () => this.bye())
  }

  protected bye(): void {
    if (this.isDead || this.isOver) return
    this.isOver = true
    this.choose.note('far end: BYE')
    const reason = this.choose.maybe(0.2) ? { headers: [['Reason', 'Q.850;cause=16'] as const] } : {}
    this.call.bye(reason)
  }

  #die(): void {
    this.isDead = true
    this.choose.note('far end: dies')
  }

  /** In an early dialog everything may be asked but a re-INVITE. */
  protected actEarly(): void {
    if (this.isDead || this.isOver || this.#isConfirmed) return
    const method = this.choose.one(['INFO', 'OPTIONS', 'UPDATE', 'MESSAGE'])
    this.choose.note(`far end: early ${method}`)
    this.call.request(method, method === 'UPDATE' ? { headers: this.#contact } : {})
  }

  #act(): void {
    if (this.isDead || this.isOver) return
    const act = this.choose.one([
      'reinvite',
      'reinvite',
      'delayed',
      'info',
      'options',
      'update',
      'refresh',
      'message',
      'refer',
    ])
    this.choose.note(`far end: ${act}`)
    const direction = this.choose.one(DIRECTIONS)
    switch (act) {
      case 'reinvite':
        this.#reinvite(this.sdp({ direction }))
        return
      case 'delayed':
        this.#reinvite({ body: '' })
        return
      case 'info':
        this.call.request('INFO', { body: 'Signal=5\r\nDuration=160\r\n', contentType: 'application/dtmf-relay' })
        return
      case 'update':
        if (!this.#isInviting) this.call.request('UPDATE', { headers: this.#contact, ...this.sdp({ direction }) })
        return
      case 'refresh':
        this.call.request('UPDATE', { headers: this.#contact })
        return
      case 'message':
        this.call.request('MESSAGE', { body: 'hello', contentType: 'text/plain' })
        return
      case 'refer':
        this.call.request('REFER', { headers: [['Refer-To', '<sip:nobody@192.0.2.99>']] })
        return
      default:
        this.call.request('OPTIONS')
    }
  }

  get #contact(): readonly (readonly [string, string])[] {
    return [['Contact', this.call.contact]]
  }

  #reinvite(options: MessageOptions): void {
    if (this.#isInviting) return
    this.#isInviting = true
    this.call.reinvite(options)
  }

  #onResponse(response: SipResponse): void {
    const cseq = cseqOf(response)
    if (cseq?.method === 'BYE' && response.status === 481) this.#wasUnknown = true
    if (cseq?.method !== 'INVITE') return
    if (cseq.number === 1) {
      this.onInviteResponse(response)
      return
    }
    if (response.status < 200) return
    this.choose.note(`far end: re-INVITE answered ${response.status}`)
    const isOffer = response.body.length > 0 && this.#wasDelayed(response)
    if (response.status < 300) {
      this.choose.later(400, () => {
        this.#isInviting = false
        if (!this.isDead) this.call.ack(isOffer ? this.sdp() : {})
      })
    } else this.#isInviting = false
  }

  #wasDelayed(response: SipResponse): boolean {
    return this.call.lastInviteOf(response)?.body.length === 0
  }

  #onRequest(request: SipRequest): void {
    const tag = toTag(request)
    if (tag !== undefined && tag !== this.call.localTag) {
      // To another fork, which has nothing to say but yes.
      if (request.method !== 'ACK') this.call.respond(200, {}, request)
      return
    }
    switch (request.method) {
      case 'INVITE':
        if (request === this.call.invite && !this.#isConfirmed) this.onFirstInvite()
        else this.#onReinvite(request)
        return
      case 'ACK':
        this.#isInviting = false
        this.onAck()
        return
      case 'CANCEL':
        this.onCancel(request)
        return
      case 'BYE':
        this.#onBye(request)
        return
      case 'PRACK':
        this.call.respond(200, {}, request)
        this.onPrack()
        return
      default:
        this.#answer(request)
    }
  }

  #onBye(request: SipRequest): void {
    this.isOver = true
    this.wasTold = true
    if (this.choose.maybe(0.03)) return
    this.choose.later(200, () => {
      if (!this.isDead) this.call.respond(this.choose.maybe(0.95) ? 200 : 481, {}, request)
    })
  }

  #onReinvite(request: SipRequest): void {
    if (this.isOver) {
      this.#refuse(481, request)
      return
    }
    if (this.#isInviting) {
      this.choose.note('far end: glare')
      this.call.respond(491, {}, request)
      return
    }
    this.choose.note('far end: is re-INVITEd')
    if (this.choose.maybe(0.03)) return
    this.#isInviting = true
    if (this.choose.maybe(0.2)) this.call.respond(100, {}, request)
    // And never another word.
    if (this.choose.maybe(0.02)) {
      this.call.respond(100, {}, request)
      this.#die()
      return
    }
    this.choose.later(1000, () => {
      if (this.isDead) return
      if (this.isOver) this.call.respond(487, {}, request)
      else if (this.choose.maybe(0.8)) this.call.respond(200, this.#answerTo(request), request)
      else {
        this.#isInviting = false
        this.#refuse(this.choose.one([488, 491, 500, 403, 481, 408]), request)
      }
    })
  }

  /** Sometimes a request is not understood, sometimes it is not heard. */
  #answer(request: SipRequest): void {
    if (this.choose.maybe(0.02)) return
    const isFine = this.choose.maybe(0.8)
    const answer = request.method === 'UPDATE' ? this.#answerTo(request) : {}
    this.choose.later(300, () => {
      if (this.isDead) return
      if (this.isOver) this.#refuse(481, request)
      else if (isFine) this.call.respond(200, answer, request)
      else this.#refuse(this.choose.one([405, 500, 415, 403, 488, 491, 481, 408]), request)
    })
  }

  /** Whoever says 481 has no such call. */
  #refuse(status: number, request: SipRequest): void {
    if (status === 481) {
      this.isOver = true
      this.wasTold = true
    }
    this.call.respond(status, {}, request)
  }

  #answerTo(request: SipRequest): MessageOptions {
    if (request.body.length === 0) return request.method === 'INVITE' ? this.sdp() : {}
    const offer = new TextDecoder().decode(request.body)
    const allowed = offer.includes('a=sendonly')
      ? (['recvonly', 'inactive'] as const)
      : offer.includes('a=recvonly')
        ? (['sendonly', 'inactive'] as const)
        : offer.includes('a=inactive')
          ? (['inactive'] as const)
          : DIRECTIONS
    return { sdp: { codecs: ['PCMU', 'PCMA'], version: ++this.#version, direction: this.choose.one(allowed) } }
  }

  protected takesReliable(request: SipRequest): boolean {
    return hasWord(request.headers, 'supported', '100rel')
  }
}

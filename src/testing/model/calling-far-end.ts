import { cseqOf, hasWord, type SipResponse } from '../../sip/index.ts'
import { FarEndCall } from './far-end-call.ts'

/** A random far end that calls: it may give up at any moment after the first response, and acknowledges late or never. */
export class CallingFarEnd extends FarEndCall {
  #isAnswered = false
  #mayCancel = false
  #isCancelled = false
  #hasDialog = false
  #rseq = 0

  protected override onFirstInvite(): void {}

  protected override onInviteResponse(response: SipResponse): void {
    const { status } = response
    if (status < 200) this.#onProvisional(response)
    else if (status < 300) this.#onAnswer(response)
    else {
      this.choose.note(`caller: ${status}`)
      this.isOver = true
      this.wasTold = true
    }
  }

  protected override onCancel(): void {}

  #onProvisional(response: SipResponse): void {
    if (hasWord(response.headers, 'require', '100rel')) this.#acknowledge(response)
    if (!this.#hasDialog && response.status > 100) {
      this.#hasDialog = true
      if (this.choose.maybe(0.2)) this.choose.later(3000, () => this.actEarly())
      if (this.choose.maybe(0.05)) this.choose.later(4000, () => this.#byeEarly())
    }
    if (this.#mayCancel || this.#isAnswered) return
    // RFC 3261 section 9.1: not before a provisional response.
    this.#mayCancel = true
    if (this.choose.maybe(0.35)) this.choose.later(6000, () => this.#cancel())
  }

  /** RFC 3261 section 15: a caller may end an early dialog so, although CANCEL is what everybody sends. */
  #byeEarly(): void {
    if (this.#isAnswered || this.#isCancelled || this.isDead || this.isOver) return
    this.choose.note('caller: BYE in an early dialog')
    // What comes of it is no news, should it cross the answer.
    this.wasTold = true
    this.call.bye()
  }

  #acknowledge(response: SipResponse): void {
    const rseq = Number(response.headers.get('rseq'))
    if (rseq <= this.#rseq) return
    this.#rseq = rseq
    this.choose.note('caller: PRACK')
    this.call.request('PRACK', { headers: [['RAck', `${rseq} ${cseqOf(response)?.number} INVITE`]] })
  }

  #cancel(): void {
    if (this.isDead || this.isOver || this.#isAnswered) return
    this.#isCancelled = true
    this.choose.note('caller: CANCEL')
    this.call.cancel()
  }

  #onAnswer(response: SipResponse): void {
    if (this.#isAnswered) return
    this.#isAnswered = true
    if (this.choose.maybe(0.02)) {
      this.choose.note('caller: never acknowledges')
      this.isDead = true
      return
    }
    const isOffer = this.call.invite.body.length === 0
    this.choose.later(1500, () => {
      if (this.isDead) return
      this.call.ack(isOffer && response.body.length > 0 ? this.sdp() : {})
      this.choose.note(this.#isCancelled ? 'caller: 200 after CANCEL' : 'caller: answered')
      if (this.#isCancelled || this.choose.maybe(0.1)) this.bye()
      else this.confirmed()
    })
  }
}

import type { SipRequest, SipResponse } from '../../sip/index.ts'
import type { ResponseOptions } from '../sip/peer-call.ts'
import { FarEndCall } from './far-end-call.ts'

const FAILURES = [
  300, 302, 400, 403, 404, 408, 410, 480, 481, 484, 486, 487, 488, 491, 500, 502, 503, 504, 600, 603, 608, 699,
]

/** A random far end that is called: rings, forks, answers, refuses or says nothing; and may do so after a CANCEL, too. */
export class CalledFarEnd extends FarEndCall {
  #hasFinal = false
  #cancelled = false
  #rseq = 0
  #awaitsPrack = false
  #hasRung = false
  #isAcknowledged = false
  #wasIgnored = false
  /** Then the scripted peer says no 200 again but the last. */
  #hasForked = false

  protected override onFirstInvite(): void {
    if (this.choose.maybe(0.03)) {
      this.choose.note('callee: silent')
      this.isDead = true
      return
    }
    if (this.choose.maybe(0.5)) this.call.respond(100)
    const provisionals = Math.floor(this.choose.delayMs(4))
    if (this.choose.maybe(0.15)) this.choose.later(8000, () => this.#hasRung && this.actEarly())
    for (let i = 0; i < provisionals; i++) this.choose.later(5000, () => this.#provisional())
    this.choose.later(12_000, () => this.#final())
  }

  override verdict(): string | undefined {
    const ringsForEver = this.#hasRung && !this.#hasFinal && !this.wasTold && !this.isDead
    if (this.#wasIgnored) return 'a 200 was never acknowledged'
    return ringsForEver ? 'a callee rings for ever' : super.verdict()
  }

  protected override onInviteResponse(_response: SipResponse): void {}

  protected override onAck(): void {
    this.#isAcknowledged = true
    if (this.#hasFinal && !this.isOver) this.confirmed()
  }

  protected override onPrack(): void {
    this.#awaitsPrack = false
  }

  protected override onCancel(cancel: SipRequest): void {
    this.call.respond(200, {}, cancel)
    this.choose.note('callee: cancelled')
    this.#cancelled = true
    this.wasTold = true
    // Section 9.2 asks for 487; the answer may have been under way already.
    this.choose.later(800, () => {
      if (!this.isDead && !this.#hasFinal) this.#end(this.choose.maybe(0.8) ? 487 : 200)
    })
  }

  /** Section 13.3.1.4: whose 200 is never acknowledged ends the call with BYE. */
  #answered(): void {
    this.call.respond(200, this.sdp())
    this.choose.after(32_000, () => {
      if (this.#isAcknowledged || this.#hasForked || this.isDead || this.isOver) return
      this.#wasIgnored = true
      this.bye()
    })
  }

  #provisional(): void {
    if (this.isDead || this.#hasFinal || this.#cancelled || this.#awaitsPrack) return
    this.#hasRung = true
    const status = this.choose.one([180, 181, 182, 183, 183, 199])
    const toTag = this.choose.maybe(0.2) ? `fork${this.choose.one([1, 2])}` : true
    const body = status === 183 || this.choose.maybe(0.1) ? this.sdp() : {}
    if (this.takesReliable(this.call.invite) && this.choose.maybe(0.3)) this.#reliably(status, { ...body, toTag: true })
    else this.call.respond(status, { ...body, toTag })
    this.choose.note(`callee: ${status}`)
  }

  #reliably(status: number, options: ResponseOptions): void {
    this.#awaitsPrack = true
    this.#rseq++
    const headers = [['Require', '100rel'] as const, ['RSeq', String(this.#rseq)] as const]
    const again = (waitMs: number): void => {
      if (this.isDead || this.#hasFinal || !this.#awaitsPrack || waitMs > 16_000) return
      this.call.respond(status, { ...options, headers })
      this.choose.after(waitMs, () => again(2 * waitMs))
    }
    again(500)
    this.choose.note('callee: reliable')
  }

  #final(): void {
    if (this.isDead || this.#hasFinal || this.#cancelled) return
    // RFC 3262 section 3: no 2xx before the PRACK.
    if (this.#awaitsPrack) {
      this.choose.after(16_000, () => this.#giveUpPrack())
      return
    }
    if (this.choose.maybe(0.05)) {
      this.choose.note('callee: never answers')
      return
    }
    this.#end(this.choose.maybe(0.65) ? 200 : this.choose.one(FAILURES))
  }

  /** Section 3 of RFC 3262: who never gets a PRACK refuses the call. */
  #giveUpPrack(): void {
    if (this.isDead || this.#hasFinal || this.#cancelled) return
    if (this.#awaitsPrack) this.#end(504)
    else this.#final()
  }

  #end(status: number): void {
    this.#hasFinal = true
    this.choose.note(status === 200 && this.#cancelled ? 'callee: 200 after CANCEL' : `callee: ${status}`)
    if (status !== 200) {
      this.isOver = true
      const headers = this.choose.maybe(0.2)
        ? [['Reason', `Q.850;cause=${this.choose.one([1, 17, 34, 41])}`] as const]
        : []
      this.call.respond(status, { headers })
      return
    }
    this.#answered()
    if (!this.choose.maybe(0.08)) return
    // Another fork answers as well.
    this.choose.note('callee: two forks answer')
    this.#hasForked = true
    this.choose.later(500, () => {
      if (!this.isDead) this.call.respond(200, { ...this.sdp(), toTag: 'fork9' })
    })
  }
}

import type { SipMessage, SipRequest } from '../../../../sip/index.ts'
import type { PeerCall } from '../../../../testing/index.ts'
import { RandomCaller } from './random-party.ts'

const REFUSALS = [403, 405, 408, 481, 488, 500, 503, 603]
const PROGRESS = [100, 180, 182, 183, 199]
const OUTCOMES = [200, 200, 200, 202, 302, 404, 408, 480, 486, 487, 500, 502, 503, 504, 603]

/**
 * Calls, and is asked by REFER to call somebody by itself: does so, refuses, wants a password, or says nothing; reports the
 * truth, too little, too much, in any order, or nothing; and hangs up as soon as it has accepted, or whenever.
 */
export class RandomTransferee extends RandomCaller {
  /** Its NOTIFYs say which REFER they are of; those of the first one need not (RFC 3515 section 2.4.6). */
  saysWhich = true

  protected override answerInDialog(message: SipMessage, call: PeerCall): void {
    if (message.kind !== 'request' || message.method !== 'REFER') super.answerInDialog(message, call)
    else this.choose.later(500, () => this.#onRefer(message, call))
  }

  #onRefer(refer: SipRequest, call: PeerCall): void {
    const { choose } = this
    const how = choose.one(['accepts', 'accepts', 'accepts', 'accepts', 'accepts', 'refuses', 'challenges', 'nothing'])
    if (this.state !== 'confirmed') call.respond(481, {}, refer)
    else if (how === 'accepts') this.#accept(refer, call)
    else if (how === 'refuses') this.#refuse(choose.one(REFUSALS), refer, call)
    else if (how === 'challenges') call.respond(401, { headers: [CHALLENGE] }, refer)
  }

  #refuse(status: number, refer: SipRequest, call: PeerCall): void {
    if (status === 481) this.state = 'over'
    call.respond(status, {}, refer)
  }

  #accept(refer: SipRequest, call: PeerCall): void {
    const { choose } = this
    const headers = choose.maybe(0.1) ? [['Refer-Sub', 'false'] as const] : []
    const accept = () => call.respond(choose.one([200, 202, 202, 202]), { headers }, refer)
    if (choose.maybe(0.8)) accept()
    else choose.later(300, accept)
    this.#report(refer, call)
    if (choose.maybe(0.2)) choose.later(1000, () => this.hangUp(call))
  }

  #report(refer: SipRequest, call: PeerCall): void {
    const { choose } = this
    const cseq = refer.headers.get('cseq')?.split(' ')[0] ?? ''
    const say = (status: number, state: string) => this.#notify(cseq, status, state, call)
    const expires = choose.one(['active;expires=60', 'active;expires=60', 'active;expires=2', 'pending', 'active'])
    if (choose.maybe(0.8)) choose.later(50, () => say(100, expires))
    for (const p of [0.6, 0.3]) if (choose.maybe(p)) choose.later(3000, () => say(choose.one(PROGRESS), expires))
    const outcome = choose.one(OUTCOMES)
    const last = choose.maybe(0.8) ? 'terminated;reason=noresource' : expires
    if (choose.maybe(0.7)) choose.later(5000, () => say(outcome, last))
    // It gives up, or has something to say that nobody understands.
    if (choose.maybe(0.15))
      choose.later(8000, () => say(0, choose.one(['terminated;reason=giveup', 'terminated', expires])))
  }

  #notify(cseq: string, status: number, state: string, call: PeerCall): void {
    if (this.state === 'never' || this.state === 'begun') return
    call.request('NOTIFY', {
      headers: [
        ['Event', this.saysWhich ? `refer;id=${cseq}` : 'refer'],
        ['Subscription-State', state],
      ],
      contentType: 'message/sipfrag;version=2.0',
      body: status > 0 ? `SIP/2.0 ${status} Said so\r\n` : 'nobody knows',
    })
  }
}

const CHALLENGE = ['WWW-Authenticate', 'Digest realm="alice", nonce="2026", algorithm=MD5, qop="auth"'] as const

import { integerBelow } from '../../kit/index.ts'
import { parseRAck, type SipRequest, type SipResponse } from '../message/index.ts'
import type { TransactionId } from '../transaction/index.ts'
import type { EndpointCore, SessionTimer } from './core.ts'

/** The most reliable provisionals of one INVITE that wait for the PRACK of the one before. */
const MAX_QUEUED = 16

/**
 * The reliable provisional responses to one INVITE (RFC 3262 section 3): one at a time, sent again after T1, 2*T1, 4*T1
 * and so on until its PRACK comes, given up after 64*T1.
 */
export class ReliableProvisionals {
  readonly #core: EndpointCore
  readonly #id: TransactionId
  /** The number in the CSeq of the INVITE. */
  readonly #cseq: number
  readonly #retransmission: SessionTimer
  readonly #end: SessionTimer
  readonly #queue: SipResponse[] = []
  #rseq: number
  #outstanding: SipResponse | undefined
  #intervalMs = 0
  #described: 'no' | 'sent' | 'acknowledged' = 'no'

  constructor(core: EndpointCore, id: TransactionId, cseq: number, onGivenUp: () => void) {
    this.#core = core
    this.#id = id
    this.#cseq = cseq
    // Section 3: the first number is chosen from 1..2^31-1.
    this.#rseq = integerBelow(core.options.random, 0x7fff_fffe)
    this.#retransmission = core.timer(() => this.#again())
    this.#end = core.timer(() => {
      this.stop()
      core.count('missingAcknowledgements')
      onGivenUp()
    })
  }

  /** Some response is not acknowledged yet, and it or one behind it carries a session description: a 2xx has to wait. */
  get holdsAnswer(): boolean {
    return [this.#outstanding, ...this.#queue].some((response) => response !== undefined && response.body.length > 0)
  }

  /** Whether a session description went out: the answer to the offer of the INVITE, or the offer where it had none. */
  get described(): 'no' | 'sent' | 'acknowledged' {
    return this.#described
  }

  /** Takes a 101-199 response and makes it a reliable one. */
  send(response: SipResponse): void {
    if (this.#queue.length >= MAX_QUEUED) return
    this.#rseq++
    response.headers.add('require', '100rel')
    response.headers.add('rseq', String(this.#rseq))
    this.#queue.push(response)
    this.proceed()
  }

  /** Whether `prack` acknowledges the response that is on its way; `proceed` then sends the next one. */
  acknowledge(prack: SipRequest): boolean {
    const rack = parseRAck(prack.headers.get('rack') ?? '')
    if (!rack.ok || this.#outstanding === undefined) return false
    const { rseq, cseq } = rack.value
    if (String(rseq) !== this.#outstanding.headers.get('rseq')) return false
    if (cseq.number !== this.#cseq || cseq.method !== 'INVITE') return false
    if (this.#outstanding.body.length > 0) this.#described = 'acknowledged'
    this.#outstanding = undefined
    this.#retransmission.clear()
    this.#end.clear()
    return true
  }

  /** Sends the next response that waits, unless one is on its way. */
  proceed(): void {
    const response = this.#outstanding === undefined ? this.#queue.shift() : undefined
    if (response === undefined) return
    this.#outstanding = response
    if (response.body.length > 0 && this.#described === 'no') this.#described = 'sent'
    this.#core.respond(this.#id, response)
    this.#intervalMs = this.#core.timing.t1Ms
    this.#retransmission.setIn(this.#intervalMs)
    this.#end.setIn(this.#core.patienceMs)
  }

  /** A final response has been sent, or the INVITE is over. */
  stop(): void {
    this.#queue.length = 0
    this.#outstanding = undefined
    this.#retransmission.clear()
    this.#end.clear()
  }

  #again(): void {
    if (this.#outstanding === undefined) return
    this.#core.respond(this.#id, this.#outstanding)
    this.#intervalMs *= 2
    this.#retransmission.setIn(this.#intervalMs)
  }
}

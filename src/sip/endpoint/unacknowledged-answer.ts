import type { SipResponse } from '../message/index.ts'
import type { TransactionId } from '../transaction/index.ts'
import type { EndpointCore, SessionTimer } from './core.ts'

/**
 * A 2xx of ours to an INVITE on its way to its ACK (RFC 3261 section 13.3.1.4): sent again after T1, 2*T1, ... at most
 * T2 apart, on every transport, and given up after 64*T1.
 */
export class UnacknowledgedAnswer {
  /** The number in the CSeq of the INVITE, which its ACK repeats. */
  readonly cseq: number
  readonly #core: EndpointCore
  readonly #id: TransactionId
  readonly #response: SipResponse
  readonly #retransmission: SessionTimer
  readonly #end: SessionTimer
  #intervalMs: number

  constructor(core: EndpointCore, id: TransactionId, cseq: number, response: SipResponse, onGivenUp: () => void) {
    this.cseq = cseq
    this.#core = core
    this.#id = id
    this.#response = response
    this.#intervalMs = core.timing.t1Ms
    this.#retransmission = core.timer(() => this.#again())
    this.#end = core.timer(() => {
      this.stop()
      core.count('missingAcknowledgements')
      onGivenUp()
    })
    core.respond(id, response)
    this.#retransmission.setIn(this.#intervalMs)
    this.#end.setIn(core.patienceMs)
  }

  /** The ACK is there, or no longer wanted. */
  stop(): void {
    this.#retransmission.clear()
    this.#end.clear()
  }

  #again(): void {
    this.#core.respond(this.#id, this.#response)
    this.#intervalMs = Math.min(2 * this.#intervalMs, this.#core.timing.t2Ms)
    this.#retransmission.setIn(this.#intervalMs)
  }
}

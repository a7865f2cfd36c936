import { cseqOf, fromTag, type SipRequest } from '../message/index.ts'
import type { TransactionId } from '../transaction/index.ts'
import { addHeaders, compose, type HeaderList } from './compose.ts'
import type { EndpointCommand } from './control.ts'
import type { DialogUser, EndpointCore } from './core.ts'
import { eventOf, referHeaders, referToOfCommand } from './dialog-refers.ts'
import { ReferClient } from './refer-client.ts'
import { RequestSeries } from './request-series.ts'

/**
 * A REFER of ours outside of dialogs. The first NOTIFY makes the dialog of its subscription (RFC 6665 section 4.4.1), in which we
 * only listen; of several phones that have got the REFER one is listened to.
 */
export class OutsideRefer implements DialogUser {
  readonly #core: EndpointCore
  readonly #series: RequestSeries
  readonly #client: ReferClient
  /** The far end's tag and its latest CSeq, once it has said something. */
  #remoteTag: string | undefined
  #remoteCSeq = -1

  /** Sends it; `referDone` follows in any case. */
  static send(core: EndpointCore, command: Extract<EndpointCommand, { type: 'referOutside' }>): void {
    const { refer, noReports, to, replaces, headers = [], ...request } = command
    const referTo = referToOfCommand(core, command)
    if (referTo === undefined) {
      core.emit({ type: 'referDone', refer, cause: 'transport', detail: 'no such session to replace' })
      return
    }
    const sent = new OutsideRefer(core, refer)
    sent.#series.send({
      ...request,
      type: 'requestOutside',
      series: 0,
      method: 'REFER',
      contact: {},
      headers: [...referHeaders(referTo, noReports === true), ...headers],
    })
  }

  private constructor(core: EndpointCore, refer: number) {
    this.#core = core
    this.#client = new ReferClient(core, refer, () => {
      core.refers.delete(refer)
      core.deleteDialog(this.#series.tag)
    })
    this.#series = new RequestSeries(core, 0, ({ cause, response, detail }) =>
      this.#client.onOutcome(
        response !== undefined ? { response } : { response, cause: cause === 'response' ? 'transport' : cause, detail },
      ),
    )
    core.refers.set(refer, 'ours')
    core.setDialog(this.#series.tag, this)
  }

  holds(callId: string | undefined, remoteTag: string | undefined): boolean {
    return callId === this.#series.callId && (this.#remoteTag === undefined || this.#remoteTag === remoteTag)
  }

  onRequest(id: TransactionId, request: SipRequest): void {
    const event = eventOf(request)
    const cseq = cseqOf(request)?.number ?? 0
    if (request.method !== 'NOTIFY') this.#answer(id, request, 481)
    else if (event?.name !== 'refer') this.#answer(id, request, 489, [['Allow-Events', 'refer']])
    else if (cseq < this.#remoteCSeq) {
      this.#core.count('outOfOrderRequests')
      this.#answer(id, request, 500)
    } else {
      this.#remoteTag = fromTag(request)
      this.#remoteCSeq = cseq
      this.#answer(id, request, 200)
      this.#client.onNotify(request)
    }
  }

  onAck(): void {
    this.#core.count('strayAcks')
  }

  #answer(id: TransactionId, request: SipRequest, status: number, headers: HeaderList = []): void {
    const response = compose(this.#core, request, status, this.#series.tag)
    addHeaders(this.#core, response.headers, headers)
    this.#core.respond(id, response)
  }
}

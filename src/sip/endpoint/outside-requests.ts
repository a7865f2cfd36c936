import { token } from '../../kit/index.ts'
import type { SipRequest } from '../message/index.ts'
import type { TransactionId } from '../transaction/index.ts'
import { addHeaders, compose, type HeaderList } from './compose.ts'
import type { Peer } from './control.ts'
import type { EndpointCore, SessionTimer } from './core.ts'

/**
 * Requests of others outside of dialogs that are passed up, until they are answered. Their number is bounded by that of the
 * server transactions; one that nobody answers within half of 64*T1 is answered 500.
 */
export class OutsideRequests {
  readonly #core: EndpointCore
  readonly #pending = new Map<TransactionId, { readonly request: SipRequest; readonly timer: SessionTimer }>()

  constructor(core: EndpointCore) {
    this.#core = core
  }

  get size(): number {
    return this.#pending.size
  }

  take(id: TransactionId, request: SipRequest, from: Peer, user: string | undefined): void {
    const core = this.#core
    const timer = core.timer(() => {
      core.count('unansweredRequests')
      this.respond(id, 500)
    })
    timer.setIn(core.patienceMs / 2)
    this.#pending.set(id, { request, timer })
    core.emit({ type: 'outside', id, request, from, ...(user !== undefined && { user }) })
  }

  respond(id: TransactionId, status: number, phrase?: string, headers?: HeaderList): void {
    const core = this.#core
    const pending = this.#pending.get(id)
    if (pending === undefined || status < 200 || status > 699) {
      core.count('staleCommands')
      return
    }
    this.#pending.delete(id)
    pending.timer.clear()
    const response = compose(core, pending.request, status, token(core.options.random), phrase)
    addHeaders(core, response.headers, headers)
    core.respond(id, response)
  }
}

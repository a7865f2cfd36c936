import { ok, type Result, token, UsageError } from '../../kit/index.ts'
import { DigestClient } from '../auth/index.ts'
import { isSips, type WayOut } from '../dialog/index.ts'
import {
  createRequest,
  MAX_CSEQ,
  NO_PARAMS,
  parseNameAddr,
  printNameAddr,
  type SipRequest,
  type SipResponse,
} from '../message/index.ts'
import type { TransactionId } from '../transaction/index.ts'
import { addBody, addHeaders } from './compose.ts'
import type { EndpointCommand, Peer, SeriesId } from './control.ts'
import type { EndpointCore, TransactionUser } from './core.ts'
import { MAX_CHALLENGES } from './dialog-client.ts'

export type OutsideCommand = Extract<EndpointCommand, { type: 'requestOutside' }>

/** What needs a session, or belongs to one. */
const NOT_OUTSIDE: ReadonlySet<string> = new Set(['INVITE', 'ACK', 'CANCEL', 'BYE', 'PRACK'])

/**
 * Requests of ours outside of dialogs that belong together, one at a time, such as those of a registration (RFC 3261 section
 * 10.2): they share Call-ID and From tag, and a challenge that one had to answer is answered by the next beforehand
 * (section 22).
 */
export class RequestSeries implements TransactionUser {
  readonly #core: EndpointCore
  readonly #series: SeriesId
  readonly #onOutcome: ((outcome: SeriesOutcome) => void) | undefined
  readonly callId: string
  /** Of From. */
  readonly tag: string
  #digest: DigestClient | undefined
  #cseq = 0
  #current: Current | undefined

  /** @param onOutcome is told instead of those above, who then know nothing of the series */
  constructor(core: EndpointCore, series: SeriesId, onOutcome?: (outcome: SeriesOutcome) => void) {
    const { random } = core.options
    this.#core = core
    this.#series = series
    this.#onOutcome = onOutcome
    this.callId = token(random, 20)
    this.tag = token(random)
    if (onOutcome === undefined) core.series.set(series, this)
  }

  /** Sends a request; the outcome is an event. */
  send(command: OutsideCommand): void {
    if (NOT_OUTSIDE.has(command.method))
      throw new UsageError(`${command.method} cannot be sent outside of a session; use the commands of sessions`)
    if (this.#current !== undefined)
      throw new UsageError(`series ${this.#series} has a request under way; wait for its outsideDone`)
    const addresses = addressesOf(this.#core, command)
    if (!addresses.ok) {
      this.#finish(command, { cause: 'transport', detail: addresses.error })
      return
    }
    this.#digest ??= command.credentials && new DigestClient([command.credentials], this.#core.options.random)
    const { peer } = addresses.value.way
    this.#current = { command, ...addresses.value, peer, challenges: 0, request: undefined, id: undefined }
    this.#transmit(this.#current)
  }

  onResponse(response: SipResponse, id: TransactionId): void {
    const current = this.#current
    if (current?.id !== id || response.status < 200) return
    const isChallenge = response.status === 401 || response.status === 407
    if (isChallenge && current.challenges < MAX_CHALLENGES && this.#digest?.answerChallenge(response) === 'answered') {
      current.challenges++
      current.peer = this.#core.targetOf(id) ?? current.peer
      this.#transmit(current)
    } else {
      const answeredBy = this.#core.targetOf(id) ?? current.peer
      this.#finish(current.command, { cause: 'response', response, answeredBy })
    }
  }

  onFailed(cause: 'timeout' | 'transport', detail: string | undefined, id: TransactionId): void {
    const current = this.#current
    if (current?.id !== id) return
    this.#finish(current.command, { cause, ...(detail !== undefined && { detail }) })
  }

  #transmit(current: Current): void {
    current.request = this.#compose(current)
    current.id = this.#core.send(current.request, current.peer, this)
  }

  #finish({ isKept }: OutsideCommand, outcome: SeriesOutcome): void {
    const core = this.#core
    const request = this.#current?.request
    this.#current = undefined
    if (this.#onOutcome !== undefined) {
      this.#onOutcome(outcome)
      return
    }
    // Forgotten meanwhile: nobody waits for the outcome any more.
    if (core.series.get(this.#series) !== this) return
    if (isKept !== true) core.series.delete(this.#series)
    core.emit({ type: 'outsideDone', series: this.#series, ...outcome, ...(request && { request }) })
  }

  #compose({ command, from, way, peer }: Current): SipRequest {
    const core = this.#core
    const request = createRequest(command.method, way.requestUri)
    const { headers } = request
    this.#cseq = this.#cseq === MAX_CSEQ ? 1 : this.#cseq + 1
    for (const route of way.routes) headers.add('route', route)
    headers.add('max-forwards', '70')
    headers.add('from', `${from};tag=${this.tag}`)
    headers.add('to', command.to ?? `<${command.uri}>`)
    headers.add('call-id', this.callId)
    headers.add('cseq', `${this.#cseq} ${command.method}`)
    if (command.contact !== undefined) {
      const { user, params = '' } = command.contact
      headers.add('contact', core.contact(peer, isSips(command.uri), user) + params)
    }
    if (core.options.userAgent !== undefined) headers.add('user-agent', core.options.userAgent)
    addHeaders(core, headers, command.headers)
    addBody(request, command.body, command.contentType)
    this.#digest?.authorize(request)
    return request
  }
}

/** The final response, or why there is none. */
export interface SeriesOutcome {
  readonly cause: 'response' | 'timeout' | 'transport'
  readonly response?: SipResponse
  readonly answeredBy?: Peer
  readonly detail?: string
}

/** A request under way. */
interface Current {
  readonly command: OutsideCommand
  /** From without a tag. */
  readonly from: string
  readonly way: WayOut
  /** The first hop; of several servers with one name the one that asked for credentials. */
  peer: Peer
  challenges: number
  request: SipRequest | undefined
  id: TransactionId | undefined
}

function addressesOf(core: EndpointCore, command: OutsideCommand): Result<{ from: string; way: WayOut }> {
  const from = parseNameAddr(command.from ?? core.options.identity)
  if (!from.ok) return from
  const way = core.wayOut(command.uri, command.route, command.via)
  return way.ok ? ok({ from: printNameAddr({ ...from.value, params: NO_PARAMS }), way: way.value }) : way
}

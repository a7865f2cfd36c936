import { Counters, DeadlineHeap, Fifo, type Instant, type Machine, token, UsageError } from '../../kit/index.ts'
import type { Peer } from '../endpoint/control.ts'
import {
  addToTag,
  createResponse,
  cseqOf,
  parseVia,
  type SipMessage,
  type SipRequest,
  type SipResponse,
  topVia,
  toTag,
  type Via,
} from '../message/index.ts'
import { createCancel } from './derived-requests.ts'
import { InviteClient } from './invite-client.ts'
import { InviteServer } from './invite-server.ts'
import type { LayerCounter, LayerOptions, LayerSizes } from './layer-options.ts'
import { LiveTable } from './live-table.ts'
import { isSamePeer, type Live, LiveClient, LiveServer } from './live-transaction.ts'
import { mergeKey, type RequestIdentity, requestIdentity } from './matching.ts'
import { NonInviteClient } from './non-invite-client.ts'
import { NonInviteServer } from './non-invite-server.ts'
import { OverTcp } from './over-tcp.ts'
import type { LayerInput, LayerOutput, TransactionId } from './port.ts'
import { noteSource, replyTarget } from './response-route.ts'
import { createSend } from './send.ts'
import { RFC_TIMING, type TransactionTiming } from './timing.ts'
import { ViaStamp } from './via-stamp.ts'

/**
 * The transaction layer of RFC 3261 section 17 with RFC 6026 and RFC 3581: finds the transaction of every message, runs
 * the four machines, and says what to send and what the transaction user should know. One for all transports.
 *
 * Nothing here outlives its transaction: every index entry goes at the moment of `terminated`. A CANCEL needs no
 * server transaction, because the INVITE that it names answers for it; nor does any request that is refused here.
 */
export class TransactionLayer implements Machine<LayerInput, LayerOutput> {
  readonly #options: LayerOptions
  readonly #timing: TransactionTiming
  readonly #counters: Counters<LayerCounter>
  readonly #maxServers: number
  readonly #overTcp: OverTcp
  readonly #via: ViaStamp
  /** The To tag of everything that is answered without a transaction: it must not change from one copy to the next. */
  readonly #tag: string

  readonly #table = new LiveTable()
  readonly #deadlines = new DeadlineHeap<Live>()
  readonly #outbox = new Fifo<LayerOutput>()

  constructor(options: LayerOptions) {
    this.#options = options
    this.#timing = { ...RFC_TIMING, ...options.timing }
    this.#counters = options.counters ?? new Counters()
    this.#maxServers = options.maxServerTransactions ?? 100_000
    this.#tag = token(options.random)
    this.#overTcp = new OverTcp(options.maxUdpRequestBytes)
    this.#via = new ViaStamp(options)
  }

  get sizes(): LayerSizes {
    return {
      clientTransactions: this.#table.clientCount,
      serverTransactions: this.#table.serverCount,
      indexEntries: this.#table.entryCount,
      deadlines: this.#deadlines.size,
    }
  }

  /** @throws UsageError when a client transaction is started with an id that is in use, or for an ACK or CANCEL */
  handle(input: LayerInput, now: Instant): void {
    switch (input.type) {
      case 'received':
        this.#receive(input.message, input.from, now)
        break
      case 'request':
        this.#startClient(input.id, input.request, input.to, now)
        break
      case 'ack':
        if (!input.request.headers.has('via')) this.#via.addTo(input.request, input.to)
        this.#outbox.push(createSend(input.request, input.to))
        break
      case 'respond':
        this.#respond(input.id, input.response, now)
        break
      case 'cancel':
        this.#cancel(input.id, input.headers, now)
        break
      case 'giveUp':
        this.#giveUp(input.id, now)
        break
      case 'refuse': {
        const via = topVia(input.request)
        if (via === undefined) this.#counters.add('unanswerableRequests')
        else {
          noteSource(input.request, via, input.from)
          this.#refuse(input.request, replyTarget(via, input.from), input.status, input.phrase)
        }
        break
      }
      case 'sendFailed':
        this.#sendFailed(input, now)
        break
    }
  }

  poll(): LayerOutput | undefined {
    return this.#outbox.shift()
  }

  deadline(): Instant {
    return this.#deadlines.next()
  }

  expire(now: Instant): void {
    for (let due = this.#deadlines.takeDue(now); due !== undefined; due = this.#deadlines.takeDue(now)) {
      due.machine.expire(now)
      this.#settle(due, now)
    }
  }

  #receive(message: SipMessage, from: Peer, now: Instant): void {
    if (message.kind === 'response') {
      this.#receiveResponse(message, from, now)
      return
    }
    const via = topVia(message)
    if (via === undefined) {
      this.#counters.add('unanswerableRequests')
      return
    }
    const identity = requestIdentity(message, via)
    noteSource(message, via, from)
    if (message.method === 'ACK') this.#receiveAck(message, identity, from, now)
    else if (message.method === 'CANCEL') this.#receiveCancel(message, identity, replyTarget(via, from))
    else this.#receiveRequest(message, identity, via, from, now)
  }

  #receiveRequest(request: SipRequest, identity: RequestIdentity, via: Via, from: Peer, now: Instant): void {
    const key = identity.of(request.method)
    const known = this.#table.server(key)
    if (known !== undefined) {
      this.#counters.add('requestRetransmissionsReceived')
      known.machine.handle({ type: 'request' }, now)
      this.#settle(known, now)
      return
    }
    const replyTo = replyTarget(via, from)
    const merge = mergeKey(request)
    if (merge !== undefined && this.#table.isMerged(merge)) {
      this.#counters.add('mergedRequests')
      this.#refuse(request, replyTo, 482)
      return
    }
    const limit = merge === undefined ? this.#maxServers : Math.ceil(0.9 * this.#maxServers)
    if (this.#table.serverCount >= limit) {
      this.#counters.add('overloadRefusals')
      this.#refuse(request, replyTo, 503)
      return
    }
    const id = this.#options.ids.next()
    const options = { id, request, from, replyTo, timing: this.#timing }
    const machine = request.method === 'INVITE' ? new InviteServer(options) : new NonInviteServer(options)
    const live = new LiveServer(machine, key, identity.ofAck, merge)
    this.#table.addServer(live)
    machine.handle({ type: 'request' }, now)
    this.#settle(live, now)
  }

  #receiveAck(request: SipRequest, identity: RequestIdentity, from: Peer, now: Instant): void {
    const key = identity.ofAck === undefined ? identity.of('INVITE') : identity.ofAck(toTag(request))
    const live = this.#table.server(key)
    if (live?.machine instanceof InviteServer) {
      live.machine.handle({ type: 'ack', request, from }, now)
      this.#settle(live, now)
    } else {
      this.#outbox.push({ type: 'ack', request, from })
    }
  }

  /** Section 9.2. The INVITE transaction is all the memory that a CANCEL needs: each copy of it gets the same 200. */
  #receiveCancel(request: SipRequest, identity: RequestIdentity, replyTo: Peer): void {
    const live = this.#table.server(identity.of('INVITE'))
    if (!(live?.machine instanceof InviteServer)) {
      this.#counters.add('unmatchedCancels')
      this.#refuse(request, replyTo, 481)
      return
    }
    this.#refuse(request, replyTo, 200, undefined, live.machine.lastTag)
    if (live.machine.state !== 'proceeding' || live.isCancelled) return
    live.isCancelled = true
    this.#outbox.push({ type: 'cancelled', id: live.machine.id, request })
  }

  #receiveResponse(response: SipResponse, from: Peer, now: Instant): void {
    const vias = response.headers.all('via')
    const via = vias.length === 1 ? parseVia(vias[0] as string) : undefined
    const cseq = cseqOf(response)
    if (!via?.ok || cseq === undefined) {
      this.#counters.add('foreignResponses')
      return
    }
    const live = this.#table.client(via.value.params.get('branch') ?? '', cseq.method)
    if (live !== undefined && live.machine.request.method === cseq.method) {
      live.machine.handle({ type: 'response', response }, now)
      this.#settle(live, now)
      return
    }
    this.#counters.add('strayResponses')
    const isAnswer = cseq.method === 'INVITE' && response.status >= 200 && response.status < 300
    if (isAnswer) this.#outbox.push({ type: 'strayResponse', response, from })
  }

  #startClient(id: TransactionId, request: SipRequest, to: Peer, now: Instant): void {
    if (this.#table.byId(id) !== undefined)
      throw new UsageError(`transaction ${id} exists already; take a new id from the sequence`)
    if (request.method === 'ACK' || request.method === 'CANCEL') {
      throw new UsageError(
        `${request.method} starts no transaction here; use the input '${request.method.toLowerCase()}'`,
      )
    }
    const branch = this.#via.addTo(request, to)
    const way = this.#overTcp.wants(request, to, now)
      ? this.#via.redirect(request, branch, { ...to, transport: 'tcp' })
      : to
    if (way !== to) this.#counters.add('requestsOverTcp')
    const machine = this.#clientOf(id, request, way)
    const live = new LiveClient(machine, branch)
    if (way !== to) live.overUdp = to
    this.#table.addClient(live)
    machine.handle({ type: 'start' }, now)
    this.#settle(live, now)
  }

  #clientOf(id: TransactionId, request: SipRequest, to: Peer): InviteClient | NonInviteClient {
    const options = { id, request, to, timing: this.#timing }
    return request.method === 'INVITE' ? new InviteClient(options) : new NonInviteClient(options)
  }

  /** No connection for a request that is too long for UDP: over UDP after all, from the beginning (section 18.1.1). */
  #fallBack(live: LiveClient, overUdp: Peer, now: Instant): void {
    const { id, request } = live.machine
    this.#counters.add('requestsBackOverUdp')
    this.#overTcp.refused(overUdp, now)
    live.overUdp = undefined
    live.machine = this.#clientOf(id, request, this.#via.redirect(request, live.branch, overUdp))
    live.machine.handle({ type: 'start' }, now)
    if (live.isCancelled && live.machine instanceof InviteClient) live.machine.handle({ type: 'cancel' }, now)
    this.#settle(live, now)
  }

  #cancel(id: TransactionId, headers: LiveClient['cancelHeaders'], now: Instant): void {
    const live = this.#table.byId(id)
    if (!(live?.machine instanceof InviteClient) || live.side !== 'client') return
    live.cancelHeaders = headers
    live.isCancelled = true
    live.machine.handle({ type: 'cancel' }, now)
    this.#settle(live, now)
  }

  #giveUp(id: TransactionId, now: Instant): void {
    const live = this.#table.byId(id)
    if (live?.side !== 'client') return
    live.machine.handle({ type: 'giveUp' }, now)
    this.#settle(live, now)
  }

  /** The CANCEL goes where its INVITE went, in a client transaction that the TU never hears of. */
  #startCancel(invite: LiveClient, now: Instant): void {
    const { request, to } = invite.machine
    const machine = new NonInviteClient({
      id: this.#options.ids.next(),
      request: createCancel(request, invite.cancelHeaders),
      to,
      timing: this.#timing,
    })
    const { branch } = invite
    const live = new LiveClient(machine, branch, true)
    this.#table.addClient(live)
    machine.handle({ type: 'start' }, now)
    this.#settle(live, now)
  }

  #respond(id: TransactionId, response: SipResponse, now: Instant): void {
    const live = this.#table.byId(id)
    if (live?.side !== 'server') {
      this.#counters.add('lateResponses')
      return
    }
    if (response.status >= 300 && live.ackKey !== undefined && live.machine instanceof InviteServer) {
      this.#table.addKey(live, live.ackKey(toTag(response)))
    }
    live.machine.handle({ type: 'respond', response }, now)
    this.#settle(live, now)
  }

  /** Section 18.4. Rare, so looking through all transactions costs less than an index by peer. */
  #sendFailed({ to, reason, wasOpen }: Extract<LayerInput, { type: 'sendFailed' }>, now: Instant): void {
    for (const live of this.#table.all()) {
      if (!isSamePeer(live.side === 'client' ? live.machine.to : live.machine.replyTo, to)) continue
      if (live.side === 'client') this.#clientFailed(live, reason, wasOpen === true, now)
      else live.machine.handle({ type: 'transportError', reason }, now)
      this.#settle(live, now)
    }
  }

  #clientFailed(live: LiveClient, reason: string, wasOpen: boolean, now: Instant): void {
    const { state } = live.machine
    if (wasOpen && !live.isSentAgain) {
      live.isSentAgain = true
      live.machine.handle({ type: 'connectionLost', reason }, now)
    } else if (live.overUdp !== undefined && (state === 'calling' || state === 'trying')) {
      this.#fallBack(live, live.overUdp, now)
    } else live.machine.handle({ type: 'transportError', reason }, now)
  }

  /** Takes what a machine has put out, and forgets it or notes its next deadline. */
  #settle(live: Live, now: Instant): void {
    const isCancel = live.side === 'client' && live.isCancel
    for (let output = live.machine.poll(); output !== undefined; output = live.machine.poll()) {
      switch (output.type) {
        case 'sendCancel':
          this.#startCancel(live as LiveClient, now)
          continue
        case 'send':
          if (output.bytes !== undefined) this.#counters.add('retransmissionsSent')
          this.#outbox.push(output)
          continue
        case 'failed':
          this.#counters.add(output.cause === 'timeout' ? 'timeouts' : 'transportErrors')
          break
        case 'terminated':
          this.#deadlines.delete(live.deadline)
          this.#table.forget(live)
          break
      }
      if (!isCancel) this.#outbox.push(output)
    }
    if (live.machine.state !== 'terminated') this.#deadlines.set(live.deadline, live.machine.deadline())
  }

  /** Answers without a transaction (section 8.2.7). */
  #refuse(request: SipRequest, replyTo: Peer, status: number, phrase?: string, tag = this.#tag): void {
    const response = createResponse(request, status, phrase)
    addToTag(response, tag)
    if (status === 503) response.headers.add('retry-after', String(this.#options.retryAfterS ?? 5))
    this.#outbox.push(createSend(response, replyTo))
  }
}

import {
  Counters,
  DeadlineHeap,
  Fifo,
  HeapTimer,
  type Instant,
  type Logger,
  type Result,
  Sequence,
  silentLogger,
  Table,
} from '../../kit/index.ts'
import { type Dialog, type WayOut, wayOutOf } from '../dialog/index.ts'
import { type LocatorOutput, ServerLocator, type ServerName } from '../locate/index.ts'
import { escapeUser, parseNameAddr, parseUri, type SipRequest, type SipResponse } from '../message/index.ts'
import {
  type LayerInput,
  RFC_TIMING,
  type TransactionId,
  TransactionLayer,
  type TransactionTiming,
} from '../transaction/index.ts'
import { patienceMs } from '../transaction/timing.ts'
import type { HeaderList } from './compose.ts'
import type { EndpointCommand, EndpointEvent, EndpointOutput, Peer, ReferId, SeriesId, SessionId } from './control.ts'
import { LocatedRequest } from './located-request.ts'
import {
  DEFAULT_LIMITS,
  type EndpointCounter,
  type EndpointLimits,
  type EndpointOptions,
  type EndpointSizes,
} from './options.ts'
import type { ReferServer } from './refer-server.ts'
import type { RequestSeries } from './request-series.ts'
import { DEFAULT_SESSION_TIMERS, type SessionTimerSettings } from './session-expiry.ts'

/** Whoever uses a transaction: told what becomes of it until it is `terminated`. */
export interface TransactionUser {
  onResponse?(response: SipResponse, id: TransactionId): void
  onFailed?(cause: 'timeout' | 'transport', detail: string | undefined, id: TransactionId): void
  /** The far end CANCELled its INVITE. */
  onCancelled?(cancel: SipRequest, id: TransactionId): void
  /** The far end acknowledged our non-2xx. */
  onAcknowledged?(id: TransactionId): void
  onTerminated?(id: TransactionId): void
}

/** Whoever a session is at the moment: told what is commanded for it. */
export interface SessionUser {
  readonly session: SessionId
  /** Of an established session. */
  readonly dialog?: Dialog | undefined
  onCommand(command: EndpointCommand): void
}

/** Whoever holds the dialogs behind one local tag: told what the far end sends in them. */
export interface DialogUser {
  /** Whether one of the dialogs is that of this Call-ID and this tag of the far end. */
  holds(callId: string | undefined, remoteTag: string | undefined): boolean
  /** What an INVITE would replace that names the dialog with this tag of the far end; `undefined`: nothing that it may. */
  replaceable?(remoteTag: string): Replaceable | undefined
  onRequest(id: TransactionId, request: SipRequest, from: Peer): void
  onAck(request: SipRequest): void
}

/** A session as an INVITE with Replaces finds it (RFC 3891 section 3). */
export type Replaceable = { readonly session: SessionId; readonly isEarly: boolean } | 'over'

/** Whoever looks for a server: told its targets one by one, and when there are none left. */
export interface SearchUser {
  onTarget(peer: Peer, isLast: boolean): void
  onExhausted(reason: string): void
}

/** One timer of a session; setting it again moves it. */
export interface SessionTimer {
  setIn(delayMs: number): void
  clear(): void
}

/** What the endpoint serves itself, at least within a session. */
const SERVED_METHODS = ['INVITE', 'ACK', 'CANCEL', 'BYE', 'OPTIONS', 'PRACK', 'UPDATE']

/**
 * What the roles of the endpoint share: the transaction layer, the tables, the timers and the way out. What a role
 * asks of the layer is queued and done when the role has returned, so no role is ever called from within itself.
 */
export class EndpointCore {
  readonly options: EndpointOptions
  readonly limits: EndpointLimits
  readonly timing: TransactionTiming
  readonly counters: Counters<EndpointCounter>
  readonly logger: Logger
  readonly outbox = new Fifo<EndpointOutput>()
  readonly sessions = new Table<SessionId, SessionUser>()
  /** Series of requests outside of dialogs that may still have an outcome. */
  readonly series = new Map<SeriesId, RequestSeries>()
  /** REFERs of either side, as long as anything can be heard of them. */
  readonly refers = new Map<ReferId, ReferServer | 'ours'>()
  readonly layer: TransactionLayer
  readonly locator: ServerLocator
  /** The value of Allow: the methods that may be sent to us (RFC 3261 section 20.5). */
  readonly allow: string
  /** `undefined`: sessions do not expire. */
  readonly sessionTimers: SessionTimerSettings | undefined
  /** The value of Supported: the options that may be required of us. */
  readonly supported: string
  /** The instant of the mutation in progress. */
  now: Instant = 0
  readonly #dialogs = new Table<string, DialogUser>()
  readonly #users = new Table<TransactionId, TransactionUser>()
  readonly #searches = new Map<number, SearchUser>()
  readonly #timers = new DeadlineHeap<() => void>()
  readonly #layerInputs = new Fifo<LayerInput>()
  readonly #transactionIds = new Sequence()
  /** `user@` of our Contact, or nothing. */
  readonly #contactUser: string

  constructor(options: EndpointOptions) {
    this.options = options
    this.limits = { ...DEFAULT_LIMITS, ...options.limits }
    this.timing = { ...RFC_TIMING, ...options.timing }
    this.counters = options.counters ?? new Counters()
    this.logger = options.logger ?? silentLogger
    const { passedMethods = ['INFO'], outsideMethods = [], sessionTimers = DEFAULT_SESSION_TIMERS } = options
    const transferMethods = options.acceptsRefer === true ? ['REFER', 'NOTIFY'] : []
    this.allow = [...SERVED_METHODS, ...passedMethods, ...outsideMethods, ...transferMethods].join(', ')
    this.sessionTimers = sessionTimers === false ? undefined : sessionTimers
    const supported = ['100rel']
    if (this.sessionTimers !== undefined) supported.push('timer')
    if (options.acceptsReplaces === true) supported.push('replaces')
    if (options.acceptsRefer === true) supported.push('norefersub')
    this.supported = supported.join(', ')
    this.#contactUser = userPart(options.identity)
    this.layer = new TransactionLayer({
      ids: this.#transactionIds,
      random: options.random,
      sentBy: (peer) => this.hostPort(peer),
      counters: this.counters,
      timing: this.timing,
      maxServerTransactions: this.limits.maxTransactions,
      maxUdpRequestBytes: this.limits.maxUdpRequestBytes,
    })
    this.locator = new ServerLocator({
      random: options.random,
      transports: options.transports ?? ['udp', 'tcp'],
      counters: this.counters,
    })
  }

  /** How a request outside of a dialog goes out: as it was said, else over the outbound proxy, else to its URI. */
  wayOut(uri: string, route: readonly string[] | undefined, via: Peer | undefined): Result<WayOut> {
    const { outboundProxy } = this.options
    const usual = via === undefined && outboundProxy !== undefined ? [outboundProxy] : []
    return wayOutOf(uri, route ?? usual, via)
  }

  get sizes(): EndpointSizes {
    const { clientTransactions, serverTransactions, deadlines, indexEntries } = this.layer.sizes
    const { searches, questions } = this.locator.sizes
    return {
      sessions: this.sessions.size,
      dialogs: this.#dialogs.size,
      clientTransactions,
      serverTransactions,
      timers: this.#timers.size + deadlines + questions,
      entries: this.#users.size + this.refers.size + this.#searches.size + searches + indexEntries,
    }
  }

  get hasRoom(): boolean {
    return this.sessions.size < this.limits.maxSessions
  }

  /** How long anything is waited for: 64*T1. */
  get patienceMs(): number {
    return patienceMs(this.timing)
  }

  emit(event: EndpointEvent): void {
    this.outbox.push(event)
  }

  count(counter: EndpointCounter): void {
    this.counters.add(counter)
  }

  /**
   * Starts a client transaction; what becomes of it is told to `user`. A server that is known by name is located first,
   * and when it fails the next one is tried in a further transaction, of which the user hears nothing (RFC 3263).
   */
  send(request: SipRequest, to: Peer, user: TransactionUser): TransactionId {
    const id = this.#transactionIds.next()
    if (to.server === undefined) {
      this.#users.set(id, user)
      this.#layerInputs.push({ type: 'request', id, request, to })
    } else this.#users.set(id, new LocatedRequest(this, id, request, { ...to, server: to.server }, user))
    return id
  }

  /** Sends the ACK for a 2xx; the same request again is a retransmission. */
  acknowledge(request: SipRequest, to: Peer): void {
    if (to.server === undefined) {
      this.#layerInputs.push({ type: 'ack', request, to })
      return
    }
    const search = this.locate(to.server, {
      onTarget: (peer) => {
        this.forgetSearch(search)
        this.#layerInputs.push({ type: 'ack', request, to: withConnection(peer, to) })
      },
      onExhausted: () => {},
    })
  }

  /** CANCELs an INVITE that was sent. */
  cancel(id: TransactionId, headers: HeaderList): void {
    const user = this.#users.get(id)
    if (user instanceof LocatedRequest) user.cancel(headers)
    else this.#layerInputs.push({ type: 'cancel', id, headers })
  }

  /** Where a request went that was sent to a server known by name; `undefined` for every other. */
  targetOf(id: TransactionId): Peer | undefined {
    const user = this.#users.get(id)
    return user instanceof LocatedRequest ? user.target : undefined
  }

  /** Looks for the targets of a server; the first is said soon, the next when it is asked for. */
  locate(server: ServerName, user: SearchUser, id = this.#transactionIds.next()): number {
    this.#searches.set(id, user)
    this.locator.handle({ type: 'locate', id, server }, this.now)
    return id
  }

  forgetSearch(id: number): void {
    this.#searches.delete(id)
    this.locator.handle({ type: 'forget', id }, this.now)
  }

  /** Tells what the locator has found. */
  onLocated(output: LocatorOutput): void {
    if (output.type === 'question') {
      this.outbox.push({ type: 'dns', question: output.question })
      return
    }
    const user = this.#searches.get(output.id)
    if (output.type === 'target') user?.onTarget(output.peer, output.isLast)
    else {
      this.#searches.delete(output.id)
      user?.onExhausted(output.reason)
    }
  }

  /** Responds on a server transaction; the same response again is a retransmission. */
  respond(id: TransactionId, response: SipResponse): void {
    this.#layerInputs.push({ type: 'respond', id, response })
  }

  /** Any other thing to ask of the layer. */
  toLayer(input: LayerInput): void {
    this.#layerInputs.push(input)
  }

  nextLayerInput(): LayerInput | undefined {
    return this.#layerInputs.shift()
  }

  /** From now on `user` is told what becomes of the server transaction. */
  own(id: TransactionId, user: TransactionUser): void {
    this.#users.set(id, user)
  }

  userOf(id: TransactionId): TransactionUser | undefined {
    return this.#users.get(id)
  }

  disown(id: TransactionId): void {
    this.#users.delete(id)
  }

  setDialog(localTag: string, user: DialogUser): void {
    this.#dialogs.set(localTag, user)
  }

  deleteDialog(localTag: string): void {
    this.#dialogs.delete(localTag)
  }

  dialogOf(localTag: string, callId: string | undefined, remoteTag: string | undefined): DialogUser | undefined {
    const user = this.#dialogs.get(localTag)
    return user?.holds(callId, remoteTag) ? user : undefined
  }

  timer(onDue: () => void): SessionTimer {
    return new HeapTimer(this.#timers, this, onDue)
  }

  nextTimer(): Instant {
    return this.#timers.next()
  }

  takeDueTimer(): (() => void) | undefined {
    return this.#timers.takeDue(this.now)
  }

  /** `host:port` of our side towards `peer`. */
  hostPort(peer: Peer): string {
    const { host, port } = this.options.localAddress(peer)
    return `${host.includes(':') ? `[${host}]` : host}:${port}`
  }

  /**
   * Our Contact towards `peer`: a SIPS URI in a dialog that is to stay on TLS (RFC 3261 sections 8.1.1.8 and 12.1.1);
   * `user` instead of that of the identity.
   */
  contact(peer: Peer, isSecure = false, user?: string): string {
    const userAt = user === undefined ? this.#contactUser : `${escapeUser(user)}@`
    const address = `${userAt}${this.hostPort(peer)}`
    if (isSecure) return `<sips:${address}>`
    return peer.transport === 'udp' ? `<sip:${address}>` : `<sip:${address};transport=${peer.transport}>`
  }

  /** A Contact that was written for `from`, as it is to be towards `to`. */
  redirectContact(contact: string, from: Peer, to: Peer): string {
    const parts = ({ transport }: Peer) =>
      contact.startsWith('<sips:') || transport === 'udp' ? '' : `;transport=${transport}`
    return contact.replace(`${this.hostPort(from)}${parts(from)}`, `${this.hostPort(to)}${parts(to)}`)
  }
}

/** A target, on the connection that the one whom we looked for is known to be on. */
export function withConnection(target: Peer, { connection, transport }: Peer): Peer {
  return connection === undefined || target.transport !== transport ? target : { ...target, connection }
}

function userPart(identity: string): string {
  const address = parseNameAddr(identity)
  const uri = address.ok ? parseUri(address.value.uri) : address
  return uri.ok && uri.value.scheme !== 'tel' && uri.value.user !== undefined ? `${uri.value.user}@` : ''
}

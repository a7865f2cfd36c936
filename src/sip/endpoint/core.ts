import { Counters, DeadlineQueue, Fifo, type Instant, type Logger, Sequence, silentLogger } from '../../kit/index.ts'
import { escapeUser, parseNameAddr, parseUri, type SipRequest, type SipResponse } from '../message/index.ts'
import {
  type LayerInput,
  RFC_TIMING,
  type TransactionId,
  TransactionLayer,
  type TransactionTiming,
} from '../transaction/index.ts'
import { patienceMs } from '../transaction/timing.ts'
import type { EndpointCommand, EndpointEvent, EndpointOutput, Peer, SeriesId, SessionId } from './control.ts'
import {
  DEFAULT_LIMITS,
  type EndpointCounter,
  type EndpointLimits,
  type EndpointOptions,
  type EndpointSizes,
} from './options.ts'
import type { RequestSeries } from './request-series.ts'

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
  onCommand(command: EndpointCommand): void
}

/** Whoever holds the dialogs behind one local tag: told what the far end sends in them. */
export interface DialogUser {
  /** Whether one of the dialogs is that of this Call-ID and this tag of the far end. */
  holds(callId: string | undefined, remoteTag: string | undefined): boolean
  onRequest(id: TransactionId, request: SipRequest, from: Peer): void
  onAck(request: SipRequest): void
}

/** One timer of a session; setting it again moves it. */
export interface SessionTimer {
  setIn(delayMs: number): void
  clear(): void
}

/** What the endpoint serves itself, at least within a session. */
const SERVED_METHODS = ['INVITE', 'ACK', 'CANCEL', 'BYE', 'OPTIONS', 'PRACK']

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
  readonly sessions = new Map<SessionId, SessionUser>()
  /** Series of requests outside of dialogs that may still have an outcome. */
  readonly series = new Map<SeriesId, RequestSeries>()
  readonly layer: TransactionLayer
  /** The value of Allow: the methods that may be sent to us (RFC 3261 section 20.5). */
  readonly allow: string
  /** The instant of the mutation in progress. */
  now: Instant = 0
  readonly #dialogs = new Map<string, DialogUser>()
  readonly #users = new Map<TransactionId, TransactionUser>()
  readonly #timers = new DeadlineQueue<() => void>()
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
    const { passedMethods = ['INFO'], outsideMethods = [] } = options
    this.allow = [...SERVED_METHODS, ...passedMethods, ...outsideMethods].join(', ')
    this.#contactUser = userPart(options.identity)
    this.layer = new TransactionLayer({
      ids: this.#transactionIds,
      random: options.random,
      sentBy: (peer) => this.hostPort(peer),
      counters: this.counters,
      timing: this.timing,
      maxServerTransactions: this.limits.maxTransactions,
    })
  }

  get sizes(): EndpointSizes {
    const { clientTransactions, serverTransactions, deadlines, indexEntries } = this.layer.sizes
    return {
      sessions: this.sessions.size,
      dialogs: this.#dialogs.size,
      clientTransactions,
      serverTransactions,
      timers: this.#timers.size + deadlines,
      entries: this.#users.size + indexEntries,
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

  /** Starts a client transaction; what becomes of it is told to `user`. */
  send(request: SipRequest, to: Peer, user: TransactionUser): TransactionId {
    const id = this.#transactionIds.next()
    this.#users.set(id, user)
    this.#layerInputs.push({ type: 'request', id, request, to })
    return id
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
    // The queue knows a timer by its function, so each one gets a function of its own.
    const due = () => onDue()
    return {
      setIn: (delayMs) => this.#timers.set(due, this.now + delayMs),
      clear: () => this.#timers.delete(due),
    }
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
}

function userPart(identity: string): string {
  const address = parseNameAddr(identity)
  const uri = address.ok ? parseUri(address.value.uri) : address
  return uri.ok && uri.value.scheme !== 'tel' && uri.value.user !== undefined ? `${uri.value.user}@` : ''
}

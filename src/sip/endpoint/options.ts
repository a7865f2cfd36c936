import type { Counters, Instant, Logger, Random, Sequence } from '../../kit/index.ts'
import type { DigestServer } from '../auth/index.ts'
import type { LocatorCounter } from '../locate/index.ts'
import type { SipMessage, SipRequest } from '../message/index.ts'
import type { LayerCounter, TransactionTiming } from '../transaction/index.ts'
import type { Peer } from './control.ts'
import type { SessionTimerSettings } from './session-expiry.ts'

/** What the endpoint counts, beside what its transaction layer does: everything dropped or refused. */
export type EndpointCounter =
  | LayerCounter
  | LocatorCounter
  /** Requests that went to the next server of a name because one failed (RFC 3263 section 4.3). */
  | 'failOvers'
  /** Bytes that are no SIP message: dropped, or answered 400, 505 or 513 when they are a request that can be answered. */
  | 'unparsableMessages'
  /** A request without what every request must have, answered 400 or 416. */
  | 'malformedRequests'
  /** A response that makes no sense to the one who waits for it: dropped. */
  | 'malformedResponses'
  /** A request refused with 405, 415, 420, 422, 481, 483, 486, 489, 501, 503 or 603. */
  | 'refusedRequests'
  /** A request that was challenged for credentials (401 or 407). */
  | 'challengedRequests'
  /** A request that was taken as that of a user without a password, because of where it came from. */
  | 'vouchedRequests'
  /** Credentials that were wrong or unreadable. */
  | 'failedAuthentications'
  /** A user name at an address, or a whole address, was locked out for too many wrong passwords. */
  | 'lockOuts'
  /** A request refused with 403, because its sender is locked out. */
  | 'lockedOutRequests'
  /** An INVITE beyond the limit of sessions, answered 503; or an outgoing one that was not sent for it. */
  | 'sessionLimitRefusals'
  /** An ACK that belongs to no dialog, or acknowledges nothing: dropped. */
  | 'strayAcks'
  /** A request within a dialog that is older than one before it, answered 500. */
  | 'outOfOrderRequests'
  /** A session that nobody refreshed in time (RFC 4028), ended with BYE. */
  | 'expiredSessions'
  /** A 2xx to our INVITE from another fork than the one that answered first, released with BYE. */
  | 'forkedAnswers'
  /** A 2xx or a reliable provisional of ours was never acknowledged. */
  | 'missingAcknowledgements'
  /** Nobody above answered a request in time, so the endpoint did. */
  | 'unansweredRequests'
  /** A command for a session that is over, or that makes no sense in its state. */
  | 'staleCommands'
  /** A header that a command asked for although the endpoint itself writes it: left out. */
  | 'protectedHeaders'

export interface LocalAddress {
  /** An IPv4 address, an IPv6 address without brackets, or a host name. */
  readonly host: string
  readonly port: number
}

export interface EndpointOptions {
  /** For tags, Call-IDs, branches and delays: the same randomness gives the same run. */
  readonly random: Random
  /** Our side of the way to `peer`, as it stands in Via and Contact. */
  readonly localAddress: (peer: Peer) => LocalAddress
  /** The URI that outgoing calls come from unless they say otherwise; its user is also that of our Contact. */
  readonly identity: string
  /** The value of User-Agent and Server; default none. */
  readonly userAgent?: string
  /** The transports that requests may be sent over when a URI leaves the choice to us, the preferred first. Default UDP, TCP. */
  readonly transports?: readonly Peer['transport'][]
  /** The Route of requests outside of dialogs that name no way out of their own (RFC 3261 section 8.1.2); default none. */
  readonly outboundProxy?: string
  /** Who must authenticate; default nobody. Only asked outside of dialogs, never for ACK and CANCEL. */
  readonly authentication?: EndpointAuthentication
  /**
   * Gives the ids of incoming sessions. Hand in the sequence from which the ids of outgoing ones are taken, so that
   * the two never meet.
   */
  readonly sessionIds: Sequence
  /** Methods passed up as `request` events within a dialog, beside those that the endpoint serves; default `INFO`. */
  readonly passedMethods?: readonly string[]
  /** Methods passed up as `outside` events when they come outside of dialogs, such as `REGISTER`; default none. */
  readonly outsideMethods?: readonly string[]
  /**
   * REFER is passed up as `referred` (RFC 3515). Default false: it is refused with 405. Reports of REFERs of our own are
   * heard in any case.
   */
  readonly acceptsRefer?: boolean
  /**
   * An INVITE with Replaces is matched to its session (RFC 3891). Default false: the header means nothing, and is refused
   * with 420 where it is required.
   */
  readonly acceptsReplaces?: boolean
  /** Session timers (RFC 4028), or `false` for none. Default: half an hour, at least 90 s. */
  readonly sessionTimers?: SessionTimerSettings | false
  readonly limits?: Partial<EndpointLimits>
  readonly timing?: Partial<TransactionTiming>
  readonly counters?: Counters<EndpointCounter>
  readonly logger?: Logger
  /** Sees every message that can be read, and every one that is sent; default nobody. */
  readonly witness?: MessageWitness
}

/** Whoever keeps what was said. It is told from within a mutation, so it only takes notes. */
export interface MessageWitness {
  /**
   * @param message only to be looked at, and only now
   * @param bytes the same as it is on the wire; nobody changes them later
   */
  onMessage(
    isSent: boolean,
    callId: string | undefined,
    message: SipMessage,
    bytes: Uint8Array,
    peer: Peer,
    now: Instant,
  ): void
}

export interface EndpointAuthentication {
  /** Whether this request must carry credentials: by its source, the user it claims to be, its target. */
  readonly requires: (request: SipRequest, from: Peer) => boolean
  /** The user as whom a request is taken without a password, because of where it comes from; asked first. Default: nobody. */
  readonly vouchedUser?: (request: SipRequest, from: Peer) => string | undefined
  readonly server: DigestServer
}

export interface EndpointLimits {
  /** Sessions of both directions; one more INVITE is answered 503. Default 20000. */
  readonly maxSessions: number
  /** Server transactions, see the transaction layer. Default 100000. */
  readonly maxTransactions: number
  /** A request longer than this goes over TCP instead of UDP, see the transaction layer. Default 1300 octets. */
  readonly maxUdpRequestBytes: number
  /** How long an INVITE may wait for its final answer from above before it is answered 480, in ms. Default 10 minutes. */
  readonly unansweredInviteMs: number
  /** How long a server may be silent while its name has further ones, before the next is tried, in ms. Default 4000. */
  readonly failOverMs: number
}

export const DEFAULT_LIMITS: EndpointLimits = {
  maxSessions: 20_000,
  maxTransactions: 100_000,
  maxUdpRequestBytes: 1300,
  unansweredInviteMs: 600_000,
  failOverMs: 4000,
}

/**
 * How many of each the endpoint holds: all zero when every call is over and the last retransmission has been absorbed. A
 * series of requests that is kept, and has none under way, holds nothing that counts here.
 */
export interface EndpointSizes {
  readonly sessions: number
  /** Dialogs that can be found: one for each session, those whose BYE is on its way, and those of REFERs without a session. */
  readonly dialogs: number
  readonly clientTransactions: number
  readonly serverTransactions: number
  /** Timers of sessions and transactions. */
  readonly timers: number
  /** Entries of every other table. */
  readonly entries: number
}

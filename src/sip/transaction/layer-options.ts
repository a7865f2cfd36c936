import type { Counters, Random, Sequence } from '../../kit/index.ts'
import type { Peer } from '../endpoint/control.ts'
import type { TransactionTiming } from './timing.ts'

/** What the layer counts. */
export type LayerCounter =
  /** A request of a known transaction came again. */
  | 'requestRetransmissionsReceived'
  /** A message went out again. */
  | 'retransmissionsSent'
  /** The same request came over another path and got 482. */
  | 'mergedRequests'
  /** A CANCEL that belongs to no INVITE, answered with 481. */
  | 'unmatchedCancels'
  /** A request beyond the limit of live server transactions, answered with 503. */
  | 'overloadRefusals'
  /** A request without a readable Via: dropped, for there is nowhere to answer. */
  | 'unanswerableRequests'
  /** A response that no transaction waits for: dropped, or passed on when it is a 2xx to an INVITE. */
  | 'strayResponses'
  /** A response without exactly one readable Via (RFC 3261 section 8.1.3.3): dropped. */
  | 'foreignResponses'
  /** The TU responded on a transaction that is gone. */
  | 'lateResponses'
  /** A client transaction got no final response, or our failure no ACK. */
  | 'timeouts'
  /** A message of a transaction could not be sent. */
  | 'transportErrors'
  /** A request too long for UDP that went over TCP instead (RFC 3261 section 18.1.1). */
  | 'requestsOverTcp'
  /** Of those: sent over UDP after all, as there was no connection to be had. */
  | 'requestsBackOverUdp'

export interface LayerOptions {
  /** Gives the ids of server transactions; the TU takes those of client transactions from the same sequence. */
  readonly ids: Sequence
  /** For branches and tags. */
  readonly random: Random
  /** The sent-by that tells the peer where to answer: `host` or `host:port` of our side towards it. */
  readonly sentBy: (to: Peer) => string
  readonly counters?: Counters<LayerCounter>
  readonly timing?: Partial<TransactionTiming>
  /**
   * The most server transactions that may live at a time, at least 1; default 100000. Of these the last tenth is kept for
   * requests within dialogs, so that calls can still end when no new ones are taken.
   */
  readonly maxServerTransactions?: number
  /** A request longer than this, in octets, goes over TCP instead of UDP (RFC 3261 section 18.1.1). Default 1300. */
  readonly maxUdpRequestBytes?: number
  /** What a request beyond that limit is told in Retry-After, in seconds; default 5. */
  readonly retryAfterS?: number
}

/** How many of each the layer holds: all zero when every transaction has ended. */
export interface LayerSizes {
  readonly clientTransactions: number
  readonly serverTransactions: number
  /** Entries of every index over the transactions. */
  readonly indexEntries: number
  readonly deadlines: number
}

import type { Peer } from '../endpoint/control.ts'
import { createRequest, type SipMessage, type SipRequest, type SipResponse } from '../message/index.ts'

/**
 * The port between the transaction layer and the transaction user above it (RFC 3261 section 5: the "TU", here
 * the endpoint). Messages are objects on both sides; bytes are the endpoint's business.
 *
 * Who changes what: a message handed to the layer belongs to it from then on and must not be changed any more,
 * because it may be sent again. A request handed out carries the `received` and `rport` of RFC 3581 in its topmost
 * Via already, so a response made by copying its Via headers is fit to send.
 */

/**
 * Names one transaction. Client ids are chosen by the TU, server ids by the layer; both draw from the one
 * `Sequence` in {@link LayerOptions}, so that no two transactions ever share an id.
 */
export type TransactionId = number

export type LayerInput =
  /** A parsed message came in. */
  | { readonly type: 'received'; readonly message: SipMessage; readonly from: Peer }
  /**
   * Starts a client transaction (any method but ACK and CANCEL). The layer prepends the Via.
   * Outcome: `response`s, or `failed`; `terminated` comes last, exactly once.
   */
  | { readonly type: 'request'; readonly id: TransactionId; readonly request: SipRequest; readonly to: Peer }
  /**
   * Sends the ACK for a 2xx, which belongs to no transaction (RFC 3261 section 13.2.2.4). The layer prepends a Via
   * unless there is one: hand in the same request again for each retransmitted 2xx.
   */
  | { readonly type: 'ack'; readonly request: SipRequest; readonly to: Peer }
  /**
   * Responds on a server transaction. Handing in the same object again sends it again without printing it anew:
   * that is how the TU retransmits a 2xx to an INVITE (section 13.3.1.4) and a reliable provisional (RFC 3262).
   */
  | { readonly type: 'respond'; readonly id: TransactionId; readonly response: SipResponse }
  /**
   * CANCELs a pending INVITE of ours (section 9.1): at once when a provisional response has come, when the first
   * one comes otherwise; without effect after a final response. The INVITE's own outcome follows as ever, usually
   * `response` 487; when none comes within 64*T1 of the CANCEL, `failed` with cause 'timeout'.
   */
  | {
      readonly type: 'cancel'
      readonly id: TransactionId
      /** Further headers of the CANCEL, such as Reason (RFC 3326). */
      readonly headers?: readonly (readonly [name: string, value: string])[]
    }
  /**
   * Stops a client transaction that has heard nothing yet: it says nothing more. An INVITE waits on for 64*T1, so that
   * a far end that got it after all is sent a CANCEL, and a 2xx is passed on. Without effect after a response.
   */
  | { readonly type: 'giveUp'; readonly id: TransactionId }
  /**
   * Answers a request without a transaction, and with a To tag: one that could not be parsed to its end, say. Nothing
   * is remembered, so a retransmission must be refused again.
   */
  | {
      readonly type: 'refuse'
      readonly request: SipRequest
      readonly from: Peer
      readonly status: number
      readonly phrase?: string
    }
  /**
   * A `send` to this peer could not be done. Ends the client transactions that had something to send there and no
   * answer yet (RFC 3261 section 17.1.4; an INVITE that is ringing stays); the server ones report it and stay. When the
   * connection `wasOpen`, a request that nothing has come back for is sent once more instead, on a new connection.
   */
  | { readonly type: 'sendFailed'; readonly to: Peer; readonly reason: string; readonly wasOpen?: boolean }

export type LayerOutput =
  | Send
  /** A new server transaction; never an ACK, a CANCEL or a retransmission. Answer with `respond`. */
  | { readonly type: 'request'; readonly id: TransactionId; readonly request: SipRequest; readonly from: Peer }
  /** An ACK that no INVITE server transaction keeps for itself: the ACK for a 2xx, or a stray one. */
  | { readonly type: 'ack'; readonly request: SipRequest; readonly from: Peer }
  /** A CANCEL came for INVITE server transaction `id` before its final response; the CANCEL has been answered. Respond 487 to the INVITE. */
  | { readonly type: 'cancelled'; readonly id: TransactionId; readonly request: SipRequest }
  /**
   * A response to our request. Of an INVITE: every provisional, then either one 300-699 (the layer has sent its
   * ACK) or every 2xx that comes, retransmissions and other forks included (RFC 6026); the TU sends their ACKs.
   */
  | { readonly type: 'response'; readonly id: TransactionId; readonly response: SipResponse }
  /** A 2xx to an INVITE whose transaction is gone. */
  | { readonly type: 'strayResponse'; readonly response: SipResponse; readonly from: Peer }
  /**
   * Client: no final response will come; `terminated` follows. Server: a response could not be sent, or our non-2xx
   * final was never acknowledged ('timeout'); after 'transport' the transaction stays as it is (RFC 6026 section 8.8).
   */
  | {
      readonly type: 'failed'
      readonly id: TransactionId
      readonly cause: 'timeout' | 'transport'
      readonly detail?: string
    }
  /** The ACK for our 300-699 to an INVITE came. */
  | { readonly type: 'acknowledged'; readonly id: TransactionId }
  /** The transaction is gone. The last word about `id`, said exactly once for every transaction. */
  | { readonly type: 'terminated'; readonly id: TransactionId }

/**
 * A message to put on the wire. A retransmission is the *same object* again, so whoever prints the message keeps
 * the bytes in it: `send.bytes ??= print(send.message)`. Each message is thus printed once, however often it goes out.
 */
export interface Send {
  readonly type: 'send'
  message: SipMessage
  readonly to: Peer
  /** The printed message, once somebody printed it. */
  bytes: Uint8Array | undefined
  /** Its Call-ID, once somebody asked for it: it is known when the message has gone. */
  callId: string | undefined
  /**
   * Nobody will look at the message again, only its bytes are kept, for 32 s: whoever printed it may put
   * {@link PRINTED} in its place, so that the message can go.
   */
  readonly isOnlyBytes?: true
}

/** Stands for a message that was printed and let go. */
export const PRINTED: SipMessage = createRequest('PRINTED', '')

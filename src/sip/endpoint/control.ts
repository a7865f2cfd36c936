import type { DnsAnswer, DnsQuestion } from '../locate/dns.ts'
import type { ServerName } from '../locate/server-name.ts'
import type { SipRequest, SipResponse } from '../message/message.ts'
import type { ReferTo } from '../message/refer-to.ts'

/**
 * The port between the SIP endpoint and what stands above it (src/calls) and below it (the drivers): plain data
 * in, plain data out. One *session* is one INVITE dialog usage in the making, made or ending; its id is chosen by
 * whoever starts it (`invite` above, the endpoint for `incoming`) and never reused.
 */
export type SessionId = number

/** Names a series of requests outside of dialogs: chosen by whoever sends the first, and never reused. */
export type SeriesId = number

/** Names a REFER and what is reported of it: chosen by whoever sends one, the endpoint for those that come. Never reused. */
export type ReferId = number

/** What carries SIP messages (RFC 3261 section 18). */
export type Transport = 'udp' | 'tcp' | 'tls'

/** Where a message came from or goes to. What is sent goes to a numeric address, always. */
export interface Peer {
  readonly transport: Transport
  readonly address: string
  readonly port: number
  /** The id of the stream connection, when there is one; answers go back on it (RFC 3261 section 18.2.2). */
  readonly connection?: number
  /**
   * The name that was dialled, once `address` has become something else: the certificate of a TLS far end must hold it
   * (RFC 5922 section 7.2). Absent: `address` itself.
   */
  readonly name?: string
  /** There when `address` is a host name: the server has to be located first (RFC 3263). */
  readonly server?: ServerName
}

/** Credentials offered when a far end asks for digest (RFC 8760). */
export interface Credentials {
  readonly username: string
  readonly password: string
  /** Only answer challenges of this realm; any realm when absent. */
  readonly realm?: string
}

export type EndpointInput =
  /** One whole message: a datagram, or a message cut from a stream by SipStreamFramer. */
  | { readonly type: 'received'; readonly bytes: Uint8Array; readonly from: Peer }
  /**
   * A `send` could not be done (no route, connection refused). `wasOpen`: it went out on a connection
   * that had stood and is gone now, so that another one may do better.
   */
  | { readonly type: 'sendFailed'; readonly to: Peer; readonly reason: string; readonly wasOpen?: boolean }
  /** What DNS said to a question that was put out. */
  | { readonly type: 'dns'; readonly answer: DnsAnswer }
  | EndpointCommand

export type EndpointCommand =
  /** Sends an INVITE. Outcome: `progress`* then one of `answered` or `failed`. */
  | {
      readonly type: 'invite'
      readonly session: SessionId
      /** The Request-URI and To, for example `sip:1234@127.0.0.1:5060;user=phone`. */
      readonly to: string
      /** The From name-addr or URI; the endpoint adds the tag. Default: the endpoint's own identity. */
      readonly from?: string
      /** Further headers, for example `X-Account` or `P-Asserted-Identity`. */
      readonly headers?: readonly (readonly [name: string, value: string])[]
      readonly body?: Uint8Array
      readonly contentType?: string
      readonly credentials?: Credentials
      /** Max-Forwards, 0..255, default 70: one less than that of the call that this one carries on (RFC 7332 section 3). */
      readonly maxForwards?: number
      /** Its Call-ID: unique for ever. Default: a random one. */
      readonly callId?: string
      /** Send here instead of to the first hop of `route` or the host of `to` (an outbound proxy, a trunk, a flow). */
      readonly via?: Peer
      /** Route headers, topmost first: a Service-Route (RFC 3608) or the Path of a phone (RFC 3327). Default none. */
      readonly route?: readonly string[]
      /** `via` is the only way to the far end, whatever address its Contact names: it stands behind a NAT. Default false. */
      readonly isFlow?: boolean
      /**
       * Gives up with `failed` by 'timeout' when nothing at all, not even 100, has come by then, in ms. Whatever comes
       * later is cancelled or released by itself. Default: 64*T1 (RFC 3261 section 17.1.1.2, timer B).
       */
      readonly firstResponseMs?: number
    }
  /**
   * CANCELs the INVITE of an outgoing session that is not answered yet. Outcome: `failed` with cause 'cancelled' (also
   * when a 200 crosses: it is acknowledged and released with BYE). After the answer it means `bye`. `reason` here and
   * there is the value of a Reason header (RFC 3326).
   */
  | { readonly type: 'cancel'; readonly session: SessionId; readonly reason?: string }
  /** Answers the INVITE (or re-INVITE) of a session: 101-199, 200-299 or 300-699. A reliable provisional is retransmitted until PRACKed (RFC 3262). */
  | {
      readonly type: 'respond'
      readonly session: SessionId
      readonly status: number
      readonly phrase?: string
      readonly headers?: readonly (readonly [name: string, value: string])[]
      readonly body?: Uint8Array
      readonly contentType?: string
      readonly reliable?: boolean
    }
  /**
   * Ends an established session with BYE (after the ACK, when we are the answerer and it is still missing). Outcome:
   * `ended` by 'local', with the far end's answer or 64*T1 without one. Before the answer it means `cancel`, or
   * `respond` with 480.
   */
  | { readonly type: 'bye'; readonly session: SessionId; readonly reason?: string }
  /**
   * Sends a re-INVITE in an established session. Outcome: `reinviteAnswered` or `reinviteFailed`, the latter at once
   * and without a response while another INVITE is under way. Glare (491) is tried again three times by itself: sent
   * while that waits for its next try, the command replaces its body, which another change may have made out of date.
   */
  | { readonly type: 'reinvite'; readonly session: SessionId; readonly body: Uint8Array; readonly contentType?: string }
  /**
   * Sends an UPDATE (RFC 3311), with an offer or without one, in an established session or an early dialog. Outcome:
   * `requestDone`, at once and without a response while an offer of either side waits for its answer, or while there is
   * no dialog whose first offer was answered. Glare is tried again as that of a re-INVITE.
   */
  | { readonly type: 'update'; readonly session: SessionId; readonly body?: Uint8Array; readonly contentType?: string }
  /** Sends another request within the dialog (INFO, ...). Outcome: `requestDone`. */
  | {
      readonly type: 'request'
      readonly session: SessionId
      readonly method: string
      readonly headers?: readonly (readonly [name: string, value: string])[]
      readonly body?: Uint8Array
      readonly contentType?: string
    }
  /** Answers an in-dialog request that came as `request`. */
  | {
      readonly type: 'respondRequest'
      readonly session: SessionId
      readonly request: SipRequest
      readonly status: number
      readonly phrase?: string
      readonly body?: Uint8Array
      readonly contentType?: string
    }
  /**
   * Sends a request outside of any dialog: REGISTER, OPTIONS, ... Outcome: `outsideDone`. The requests of one series go
   * out one at a time, share Call-ID and From tag, count their CSeq, and give the credentials that the one before had
   * to give (RFC 3261 sections 10.2 and 22). A series is forgotten with its outcome unless `isKept`.
   */
  | {
      readonly type: 'requestOutside'
      readonly series: SeriesId
      /** Not INVITE, ACK, CANCEL, BYE or PRACK. */
      readonly method: string
      /** The Request-URI. */
      readonly uri: string
      /** To. Default: the Request-URI. */
      readonly to?: string
      /** From, to which the endpoint adds the tag. Default: the endpoint's own identity. */
      readonly from?: string
      /** Our Contact: its user (default: that of the identity) and its parameters, such as `;expires=300`. Default: no Contact. */
      readonly contact?: { readonly user?: string; readonly params?: string }
      readonly headers?: readonly (readonly [name: string, value: string])[]
      readonly body?: Uint8Array
      readonly contentType?: string
      readonly credentials?: Credentials
      readonly route?: readonly string[]
      readonly via?: Peer
      /** The series goes on until `forgetSeries`. Default false. */
      readonly isKept?: boolean
    }
  /** Forgets a series. A request of it that is under way is still carried to its end, without an outcome. */
  | { readonly type: 'forgetSeries'; readonly series: SeriesId }
  /**
   * Asks the far end of an established session to call somebody (REFER, RFC 3515). Outcome: `referAccepted` when it has
   * taken that upon itself, `referProgress`*, and in any case one `referDone`, which may come before the others.
   */
  | {
      readonly type: 'refer'
      readonly session: SessionId
      readonly refer: ReferId
      /** The URI that is to be called, without headers. Default: the far end of `replaces`. */
      readonly to?: string
      /** The new call is to take the place of this established session (RFC 3891): an attended transfer. */
      readonly replaces?: SessionId
      /** Nothing need be reported (RFC 4488). The far end may report all the same. Default false. */
      readonly noReports?: boolean
      /** Further headers, such as Referred-By (RFC 3892). */
      readonly headers?: readonly (readonly [name: string, value: string])[]
      /** For a far end that asks for digest, when the session was made without. */
      readonly credentials?: Credentials
    }
  /** The same outside of any dialog, to somebody with whom there is no session. */
  | {
      readonly type: 'referOutside'
      readonly refer: ReferId
      /** The Request-URI and To. */
      readonly uri: string
      readonly from?: string
      readonly to?: string
      readonly replaces?: SessionId
      readonly noReports?: boolean
      readonly headers?: readonly (readonly [name: string, value: string])[]
      readonly credentials?: Credentials
      readonly route?: readonly string[]
      readonly via?: Peer
    }
  /**
   * Answers a REFER that came as `referred`: 202 takes it upon us, 300-699 refuses. A 2xx is followed by a first report,
   * 100, by itself, and by `referClosed` in the end.
   */
  | {
      readonly type: 'respondRefer'
      readonly refer: ReferId
      readonly status: number
      readonly phrase?: string
      readonly headers?: readonly (readonly [name: string, value: string])[]
    }
  /** Reports how the call that a REFER has asked for gets on: 100-699; from 200 on it is the last report. */
  | { readonly type: 'notifyRefer'; readonly refer: ReferId; readonly status: number; readonly phrase?: string }
  /** Answers a request that came as `outside`: 200-699. */
  | {
      readonly type: 'respondOutside'
      readonly id: number
      readonly status: number
      readonly phrase?: string
      readonly headers?: readonly (readonly [name: string, value: string])[]
    }

export type EndpointOutput =
  | { readonly type: 'send'; readonly bytes: Uint8Array; readonly to: Peer }
  /** To be put to DNS; the answer is an input. One that does not come within seconds is done without. */
  | { readonly type: 'dns'; readonly question: DnsQuestion }
  | EndpointEvent

export type EndpointEvent =
  /** A new INVITE, authenticated where required; 100 Trying follows by itself when no response comes within 200 ms. */
  | {
      readonly type: 'incoming'
      readonly session: SessionId
      readonly request: SipRequest
      readonly from: Peer
      readonly user?: string
      /**
       * The session whose place the call is to take (Replaces, RFC 3891): established, or one of ours that rings. End it
       * with `bye` or `cancel` after a 2xx. Whether the caller may do that is for whoever answers to say.
       */
      readonly replaces?: SessionId
    }
  /** A provisional response 101-199 to our INVITE. */
  | { readonly type: 'progress'; readonly session: SessionId; readonly response: SipResponse }
  /** A 2xx to our INVITE; the ACK has been sent. */
  | { readonly type: 'answered'; readonly session: SessionId; readonly response: SipResponse }
  /** Our INVITE ended without a call. `response` is the final response where there was one. The session is over. */
  | {
      readonly type: 'failed'
      readonly session: SessionId
      readonly cause: 'response' | 'timeout' | 'transport' | 'cancelled'
      readonly response?: SipResponse
      readonly detail?: string
    }
  /** The ACK for our 2xx arrived (its body is the answer when the offer was in our 2xx). */
  | { readonly type: 'confirmed'; readonly session: SessionId; readonly ack: SipRequest }
  /** The far end CANCELled its INVITE; 487 has been sent. The session is over. */
  | { readonly type: 'cancelled'; readonly session: SessionId; readonly request: SipRequest }
  /**
   * Our final non-2xx was acknowledged or given up. The session is over. The endpoint also gives that final answer by
   * itself: 480 when none came from above for ten minutes, 504 when a reliable provisional was never acknowledged.
   */
  | { readonly type: 'rejected'; readonly session: SessionId }
  /** The PRACK for a reliable provisional in which we made the first offer: its body is the answer (RFC 3262 section 5). */
  | { readonly type: 'pracked'; readonly session: SessionId; readonly prack: SipRequest }
  /** A re-INVITE from the far end; answer it with `respond`. */
  | { readonly type: 'reinvited'; readonly session: SessionId; readonly request: SipRequest }
  | { readonly type: 'reinviteAnswered'; readonly session: SessionId; readonly response: SipResponse }
  | { readonly type: 'reinviteFailed'; readonly session: SessionId; readonly response?: SipResponse }
  /**
   * Session timers (RFC 4028) want a sign of life, and the far end takes no UPDATE: send `reinvite` with the description
   * that stands. The session ends when no re-INVITE and no UPDATE of either side succeeds in time.
   */
  | { readonly type: 'refreshDue'; readonly session: SessionId }
  /**
   * Any other in-dialog request that the endpoint does not answer itself (an UPDATE or PRACK with an offer, INFO, ...); answer it
   * with `respondRequest`.
   */
  | { readonly type: 'request'; readonly session: SessionId; readonly request: SipRequest }
  | {
      readonly type: 'requestDone'
      readonly session: SessionId
      readonly method: string
      readonly response?: SipResponse
    }
  /**
   * An established session is over. 'network': our 2xx was never acknowledged, a request in the dialog timed out or got
   * 481/408, the transport failed, or (`isExpired`) nobody refreshed it.
   */
  | {
      readonly type: 'ended'
      readonly session: SessionId
      readonly by: 'local' | 'remote' | 'network'
      readonly isExpired?: true
      /** The BYE, when the far end sent one. */
      readonly request?: SipRequest
      readonly detail?: string
    }
  /** The far end has accepted our REFER. Without a subscription nothing will be reported. */
  | {
      readonly type: 'referAccepted'
      readonly refer: ReferId
      readonly response: SipResponse
      readonly isSubscribed: boolean
    }
  /** The far end reports a provisional response to the request that it was asked to send. */
  | { readonly type: 'referProgress'; readonly refer: ReferId; readonly status: number; readonly phrase: string }
  /**
   * What came of our REFER. `reported`: the request ended with this `status`; a session that still stands may be ended now.
   * `refused`: with this `response`. `unreported`: it was accepted, and how it went will not be known, for the reason in
   * `detail`: `no subscription`, `no NOTIFY`, `expired`, or what the far end gave as the reason for its end. `timeout` and
   * `transport`: the REFER was not answered, or not sent.
   */
  | {
      readonly type: 'referDone'
      readonly refer: ReferId
      readonly cause: 'reported' | 'refused' | 'unreported' | 'timeout' | 'transport'
      readonly status?: number
      readonly phrase?: string
      readonly response?: SipResponse
      readonly detail?: string
    }
  /**
   * The far end asks us to call somebody (only with `acceptsRefer`), in a session or outside of any; answer with `respondRefer`,
   * which the endpoint does with 500 when nothing came within half of 64*T1.
   */
  | {
      readonly type: 'referred'
      readonly refer: ReferId
      readonly session?: SessionId
      readonly request: SipRequest
      readonly referTo: ReferTo
      /** Whether `notifyRefer` will be heard (RFC 4488). */
      readonly wantsReports: boolean
      readonly from: Peer
      readonly user?: string
    }
  /** Nobody hears what else is reported of a REFER that we have accepted: all was said, it was refused, or took too long. */
  | { readonly type: 'referClosed'; readonly refer: ReferId }
  /** The outcome of a `requestOutside`: the final response, or why there is none. */
  | {
      readonly type: 'outsideDone'
      readonly series: SeriesId
      readonly cause: 'response' | 'timeout' | 'transport'
      /** The request as it was last sent; absent when it could not be put together. */
      readonly request?: SipRequest
      readonly response?: SipResponse
      /** The server that answered, where it was known by name the one that was located. */
      readonly answeredBy?: Peer
      readonly detail?: string
    }
  /**
   * A request outside of dialogs of one of the `outsideMethods`, authenticated where required; answer it with
   * `respondOutside`. One that is not answered within half of 64*T1 is answered 500.
   */
  | {
      readonly type: 'outside'
      readonly id: number
      readonly request: SipRequest
      readonly from: Peer
      readonly user?: string
    }

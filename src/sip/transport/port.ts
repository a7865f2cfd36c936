import type { Counters, Random, Sequence } from '../../kit/index.ts'
import type { Peer, Transport } from '../endpoint/control.ts'

/**
 * The port of {@link Connections}: messages on one side, the connections of a driver (TCP, TLS, simulated) on the other.
 */

/** Names one stream connection, made by either side; drawn from the one `Sequence` in {@link ConnectionsOptions}. */
export type ConnectionId = number

/** What a connection carries its messages over. */
export type StreamTransport = Exclude<Transport, 'udp'>

/** One end of a connection. */
export interface Remote {
  /** An IP address. */
  readonly address: string
  readonly port: number
}

export type ConnectionsInput =
  /** Sends one whole message. `address` is the IP address of `to`. */
  | { readonly type: 'send'; readonly bytes: Uint8Array; readonly to: Peer; readonly address: string }
  /** Somebody has connected to us. Over TLS it is `opened` once it has shown that it speaks TLS. */
  | {
      readonly type: 'accepted'
      readonly connection: ConnectionId
      readonly transport: StreamTransport
      readonly remote: Remote
    }
  /** A connection stands: one that was asked for, or a TLS connection that was accepted. */
  | {
      readonly type: 'opened'
      readonly connection: ConnectionId
      /** The names that the far end has proven by a certificate of its own (RFC 5922 section 7.1). Default none. */
      readonly identities?: readonly string[]
    }
  | { readonly type: 'data'; readonly connection: ConnectionId; readonly bytes: Uint8Array }
  /** A connection is gone, or could not be made. Without a reason the far end has closed it in order. */
  | { readonly type: 'closed'; readonly connection: ConnectionId; readonly reason?: string }

export type ConnectionsOutput =
  /** Connect to the address and port of `remote`. `name` is what the certificate of a TLS far end must hold. Outcome: `opened` or `closed`. */
  | {
      readonly type: 'connect'
      readonly connection: ConnectionId
      readonly transport: StreamTransport
      readonly remote: Remote
      readonly name: string
    }
  | { readonly type: 'write'; readonly connection: ConnectionId; readonly bytes: Uint8Array }
  /** Close it: in order, once all is written, or at once. Nothing more is said of it from either side. */
  | { readonly type: 'close'; readonly connection: ConnectionId; readonly isAtOnce: boolean }
  /** One whole message came. */
  | { readonly type: 'message'; readonly bytes: Uint8Array; readonly from: Peer }
  /** What was sent to `to` may not have arrived. `wasOpen`: on a connection that had stood, so another one may do better. */
  | { readonly type: 'sendFailed'; readonly to: Peer; readonly reason: string; readonly wasOpen: boolean }

export type ConnectionsCounter =
  /** Connections that others made to us, TCP and TLS. */
  | 'tcpConnectionsAccepted'
  /** Connections that we made. */
  | 'tcpConnectionsMade'
  /** Connections beyond a limit, in either direction: closed, or not made. */
  | 'tcpConnectionsRefused'
  /** Connections that could not be made, that failed, or on which something came that is no SIP. */
  | 'tcpConnectionsBroken'
  /** Of those: TLS connections without an agreement, with a certificate that is not trusted, or too late. */
  | 'tlsHandshakesFailed'
  /** Of those that broke: half-open ones, on which a request or a ping of ours was never answered. */
  | 'tcpConnectionsSilent'
  /** Connections on which nothing happened for long, closed in order. */
  | 'tcpConnectionsIdle'
  /** TLS connections of others that requests of ours may use as well (RFC 5923). */
  | 'tlsAliases'

export interface ConnectionsLimits {
  /** Connections at a time, both directions together. Default 2,000. */
  readonly maxConnections: number
  /** Connections at a time that one address may have made. Default 200. */
  readonly maxConnectionsPerAddress: number
  /** A connection that nobody has used for so long is closed, in ms; 0: never. Default 900,000. */
  readonly connectionIdleMs: number
  /** How long making a connection may take, the handshake of TLS included, in ms. Default 5,000. */
  readonly connectMs: number
  /**
   * How often a connection of ours that is not used carries a ping (RFC 5626 section 4.4.1), in ms; 0: never. Default
   * 120,000, of which each connection takes 80 to 100 %.
   */
  readonly keepAliveMs: number
}

export const DEFAULT_CONNECTIONS_LIMITS: ConnectionsLimits = {
  maxConnections: 2_000,
  maxConnectionsPerAddress: 200,
  connectionIdleMs: 900_000,
  connectMs: 5_000,
  keepAliveMs: 120_000,
}

export interface ConnectionsOptions extends Partial<ConnectionsLimits> {
  /** Gives the ids of the connections that are made; the driver takes those of accepted ones from the same sequence. */
  readonly ids: Sequence
  readonly random: Random
  readonly counters?: Counters<ConnectionsCounter>
}

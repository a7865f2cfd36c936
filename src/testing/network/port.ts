import type { Truth } from '../truth/truth.ts'
import type { SocketAddress } from './address.ts'
import type { DropReason } from './link.ts'

/**
 * The port of the simulated network: what hosts hand in and what comes out. Bytes are passed on, not copied:
 * nobody writes to them afterwards.
 */
export type NetworkInput =
  /** Datagrams for this address and port are wanted from now on. */
  | { readonly type: 'bind'; readonly at: SocketAddress }
  | { readonly type: 'unbind'; readonly at: SocketAddress }
  | {
      readonly type: 'send'
      readonly from: SocketAddress
      readonly to: SocketAddress
      readonly bytes: Uint8Array
      /** What the bytes sound like; it shares their fate and changes nothing. */
      readonly truth?: Truth | undefined
    }
  | StreamInput

/** What happens on a network. */
export type NetworkOutput =
  /** Left its sender. `drop` when its fate is known at once. */
  | {
      readonly type: 'sent'
      readonly packet: PacketId
      readonly from: SocketAddress
      readonly to: SocketAddress
      readonly bytes: Uint8Array
      readonly drop?: DropReason
    }
  /** Was dropped on its way, after `sent` had said nothing of it. */
  | { readonly type: 'dropped'; readonly packet: PacketId; readonly reason: DropReason }
  /** Arrived at `to`, which is bound; `from` is the sender as seen there. */
  | {
      readonly type: 'datagram'
      readonly packet: PacketId
      readonly from: SocketAddress
      readonly to: SocketAddress
      readonly bytes: Uint8Array
      readonly truth?: Truth | undefined
    }
  /** The ICMP message came back to `at`: nobody is bound to `about`. */
  | { readonly type: 'unreachable'; readonly at: SocketAddress; readonly about: SocketAddress }
  | StreamOutput

/** Numbers the datagrams and stream writes of a network: 1, 2, 3, ... */
export type PacketId = number

/** One end of a stream. Whoever connects chooses a positive number, never used before; the other end is its negative. */
export type StreamId = number

export type StreamInput =
  | { readonly type: 'listen'; readonly at: SocketAddress }
  | { readonly type: 'unlisten'; readonly at: SocketAddress }
  /** Outcome: `connected` or `refused`. */
  | { readonly type: 'connect'; readonly stream: StreamId; readonly from: SocketAddress; readonly to: SocketAddress }
  | { readonly type: 'write'; readonly stream: StreamId; readonly bytes: Uint8Array }
  /** Closes this end once everything written has been delivered. */
  | { readonly type: 'end'; readonly stream: StreamId }
  /** Tears the connection down; what is under way is lost. */
  | { readonly type: 'reset'; readonly stream: StreamId }
  /** Forgets this end without a word, as when the power fails. The far end learns of it when it sends: a reset comes back. */
  | { readonly type: 'forget'; readonly stream: StreamId }

export type StreamOutput =
  /** Was written to a stream, whole, before it is cut into segments. */
  | {
      readonly type: 'wrote'
      readonly packet: PacketId
      readonly stream: StreamId
      readonly from: SocketAddress
      readonly to: SocketAddress
      readonly bytes: Uint8Array
    }
  | {
      readonly type: 'accepted'
      readonly stream: StreamId
      readonly local: SocketAddress
      readonly remote: SocketAddress
    }
  | { readonly type: 'connected'; readonly stream: StreamId }
  /** `timeout`: no such host, or a NAT kept it out. `refused`: nobody listens there. */
  | { readonly type: 'refused'; readonly stream: StreamId; readonly reason: 'refused' | 'timeout' }
  | { readonly type: 'data'; readonly stream: StreamId; readonly bytes: Uint8Array }
  /** The far end has closed; this end is closed too. */
  | { readonly type: 'ended'; readonly stream: StreamId }
  | { readonly type: 'reset'; readonly stream: StreamId }

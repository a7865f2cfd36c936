import type { LegId } from './control.ts'

/**
 * The network under the media engine: UDP ports swept on a tick. Implementations: node:dgram and the sockets of the
 * C library in src/server, the simulated network in src/testing. One conformance suite runs on all.
 *
 * The engine calls; nothing calls back. Buffers belong to the caller, and no call allocates after `open`.
 */
export interface MediaIo {
  /** Begins to bind a port for the leg on `localAddress`. It shows up in `poll` when done. */
  open(leg: LegId, localAddress: string): void
  /** What happened to ports since the last call: bound or failed; `undefined` when nothing more. */
  poll(): MediaIoEvent | undefined
  /** Copies the oldest waiting datagram of the leg into `into` and returns its length, or -1 when none waits. A longer datagram is cut. The sender is then in `source`. */
  receive(leg: LegId, into: Uint8Array): number
  /**
   * Which part of the tick is being done from now on, counted from 0; `undefined` when none is. Legs are swept in the same part
   * of each tick or of some, so a network may ask at once for all those of a part on which nothing has come for a while.
   */
  beginPart?(part: number | undefined, mediaMs: number): void
  /** Reads a little of what `receive` and `send` need to know of the leg, see {@link Touch}. */
  touch?(leg: LegId): number
  /** The sender of the datagram that `receive` returned last. Overwritten by the next call. */
  readonly source: { address: string; port: number }
  /** Sends `bytes[0..length)`; false when the network refused (full buffer, no route): the slot is lost. */
  send(leg: LegId, bytes: Uint8Array, length: number, address: string, port: number): boolean
  /**
   * A hint, for networks that work less when they know: until further notice the leg talks with this address only, or,
   * without an address, with any again. Datagrams from others may then be dropped unseen.
   */
  connect?(leg: LegId, address: string | undefined, port: number): void
  /**
   * Begins to bind the port above the leg's for RTCP (RFC 3550 section 11); the leg is open. As long as it is not bound,
   * and when another program has it, nothing is received on it and nothing can be sent.
   */
  openControl(leg: LegId): void
  /** As `receive`, on the port of {@link MediaIo.openControl}. */
  receiveControl(leg: LegId, into: Uint8Array): number
  /** For how long the datagram that `receiveControl` returned last had waited, in ms; 0 where the network cannot say. */
  readonly waitedMs: number
  /** As `send`, from the port of {@link MediaIo.openControl}. */
  sendControl(leg: LegId, bytes: Uint8Array, length: number, address: string, port: number): boolean
  /**
   * Lets go of the ports of a leg, bound as they are and with what waits there, for another network of this process to
   * {@link MediaIo.adopt}.
   * @param to the number of the worker whose network that is
   * @returns plain data; `channel`, where there is one, is to be transferred
   */
  release(leg: LegId, to: number): ReleasedPort
  /** Begins to serve the ports that another network has released. It shows up in `poll` when done. */
  adopt(leg: LegId, port: ReleasedPort): void
  /** Frees the port of the leg, and the one for RTCP. What was sent before still leaves. */
  close(leg: LegId): void
}

/** Ports on their way from one network of a process to another, with whatever else these know of them. */
export interface ReleasedPort {
  readonly address: string
  readonly port: number
  /** Whether there is one for RTCP. */
  readonly hasControl: boolean
  /** Of the sockets, where they are handed over bound. */
  readonly descriptors?: { readonly rtp: number; readonly control?: number }
  /** Where they are bound again: through it comes what came before that. */
  readonly channel?: object
}

export type MediaIoEvent =
  | { readonly type: 'bound'; readonly leg: LegId; readonly address: string; readonly port: number }
  | { readonly type: 'failed'; readonly leg: LegId; readonly reason: string }

import type { RtpPacket } from '../rtp/packet.ts'

/**
 * Puts packets back in order and in time. The network's side calls {@link JitterBuffer.put} for each packet as it
 * comes, the listener's side {@link JitterBuffer.take} whenever it needs more sound; both share one clock, the
 * playout point, which only `take` moves. Nothing is allocated by either.
 */
export interface JitterBuffer {
  /**
   * Stores a packet that holds `samples` samples. What it cannot use it counts and drops: packets that come after
   * their turn, that are there already, or that are longer than a slot.
   */
  put(packet: RtpPacket, samples: number): void
  /** Moves the playout point on and says in `into` what belongs there. */
  take(into: Playout): void
  /** Forgets everything but the counts; the next packet begins anew. */
  reset(): void
  readonly counts: JitterCounts
}

/** What `take` found at the playout point: a payload, or why there is none. Reused for every call. */
export interface Playout {
  /**
   * `packet`: `bytes[offset..offset + length)` is the payload, valid until the next `put`.
   * `missing`: the packet was lost or is late, others behind it are there.
   * `waiting`: nothing was received yet, or the buffer fills up again; no packet was due.
   * `underrun`: a packet was due and nothing at all is there.
   */
  kind: 'packet' | 'missing' | 'waiting' | 'underrun'
  bytes: Uint8Array
  offset: number
  length: number
  /** How far the playout point has moved: what the packet holds, or how much silence stands in for it. */
  samples: number
}

export interface JitterCounts {
  /** Packets that came after their turn to be played. */
  late: number
  duplicates: number
  /** Times that the playout point was moved back to wait for packets that come later than thought. */
  grown: number
  /** Times that it was moved forward, because packets waited longer than they need to. */
  shrunk: number
  /** Changes of SSRC and leaps of the sequence number. */
  restarts: number
  underruns: number
}

/** A result for {@link JitterBuffer.take} to fill. */
export function emptyPlayout(): Playout {
  return { kind: 'waiting', bytes: new Uint8Array(0), offset: 0, length: 0, samples: 0 }
}

import type { RtpPacket } from '../rtp/packet.ts'

/**
 * Puts packets back in order and in time. The network's side calls {@link JitterBuffer.put} for each packet as it
 * comes, the listener's side {@link JitterBuffer.take} whenever it needs more sound. Two clocks meet here, both
 * counted in ticks of the RTP clock: the listener's, which {@link JitterBuffer.elapse} moves, and the playout point,
 * the timestamp of what is to be heard next, which only `take` moves. Nothing is allocated by any of them.
 */
export interface JitterBuffer {
  /**
   * Says before the packets of a visit are put how much time has passed since the visit before.
   * @param isLate whether the visit comes later than it should: how long its packets took is our doing then
   */
  elapse(ticks: number, isLate: boolean): void
  /**
   * Stores a packet that holds `ticks` of sound. What it cannot use it counts and drops: packets that come after
   * their turn, that are there already, or that are longer than a slot.
   */
  put(packet: RtpPacket, content: PacketContent, ticks: number): void
  /** Moves the playout point on and says in `into` what belongs there. */
  take(into: Playout): void
  /**
   * How much longer than it has to the listener waits for the sound to come, in ticks; negative when it should wait
   * longer.
   * @param unread ticks that were taken and not heard yet
   */
  excess(unread: number): number
  /** How long the fastest packets should wait, in ticks. */
  readonly target: number
  /** Whether that is the least there is: packets are known to come as evenly as we look for them. */
  readonly isCalm: boolean
  /** Forgets everything but the counts and what was learnt of the network; the next packet begins anew. */
  reset(): void
  /**
   * Keeps nothing more of a stream of which nothing is to be heard for now, and of which nothing is taken: the next packet
   * that is put has its turn as soon as what is known of the network lets it. Time goes on.
   */
  pause(): void
  readonly counts: JitterCounts
}

/**
 * What a packet of the stream holds: sound, `rest`, which is sound after which the sender may fall silent, `quiet`, which is sound so
 * faint that nothing is kept of it but its place, a description of the background noise (RFC 3389) that holds until the
 * next sound, or an event: a place in the sequence that is silent on purpose.
 */
export type PacketContent = 'audio' | 'rest' | 'quiet' | 'noise' | 'event'

/** What `take` found at the playout point: a payload, or why there is none. Reused for every call. */
export interface Playout {
  /**
   * `audio`, `noise`: `bytes[offset..offset + length)` is the payload, valid until the next `put`.
   * `quiet`: a packet's turn has come, of which only the place was kept.
   * `missing`: the packet was lost or is late, others behind it are there. The payload is that of the one behind it,
   * where that follows at once, and empty where not.
   * `waiting`: nothing was received yet, the sender is silent on purpose, or the buffer fills up; no packet was due.
   * `underrun`: a packet was due and nothing at all is there.
   */
  kind: 'audio' | 'quiet' | 'noise' | 'missing' | 'waiting' | 'underrun'
  bytes: Uint8Array
  offset: number
  length: number
  /** How much is to be heard: what the packet holds, or how long the gap is. 0 for noise. */
  ticks: number
}

export interface JitterCounts {
  /** Packets that came after their turn to be played. */
  late: number
  duplicates: number
  /** Times that the playout point was moved back to a packet that came later than thought. */
  movedBack: number
  /** Changes of SSRC and leaps of the sequence number. */
  restarts: number
  underruns: number
}

/** A result for {@link JitterBuffer.take} to fill. */
export function emptyPlayout(): Playout {
  return { kind: 'waiting', bytes: new Uint8Array(0), offset: 0, length: 0, ticks: 0 }
}

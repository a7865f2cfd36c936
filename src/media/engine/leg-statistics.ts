/** What a leg has counted, told when it closes. */
export interface LegStatistics {
  readonly packetsSent: number
  readonly packetsReceived: number
  /** Sequence numbers never seen. */
  readonly packetsLost: number
  /**
   * Datagrams that were no RTP and no RTCP that was agreed on, not authentic, of another version, source or payload type, too long, no sound of the codec, or that came while the
   * direction of the stream did not let us hear them.
   */
  readonly packetsRefused: number
  /** Interarrival jitter (RFC 3550 section 6.4.1) at the end, in milliseconds. */
  readonly jitterMs: number
  /** Ticks at which nothing was there to be heard although the stream had begun; counted while somebody listens. */
  readonly underruns: number
  /** Sound made up for packets that were lost or late; counted while somebody listens. */
  readonly concealedMs: number
  /** Sound cut out or put in to follow the network's delay and the far end's clock. */
  readonly stretchedMs: number
  /** How long the fastest packets waited in the jitter buffer at the end; 0 when nobody ever listened. */
  readonly jitterBufferMs: number
  /**
   * How much faster the clock of the far end runs than ours, in millionths; 0 where it is less than can be told from our
   * sweep of 20 ms, absent where nothing can be told yet: in the first minute of a stream.
   */
  readonly clockDriftPpm?: number
  /** Slots that were skipped because the process stalled. */
  readonly slotsSkipped: number
  /** Gaps in what was played because the disk was behind, or what was to follow was not ready. */
  readonly playerUnderruns: number
  /** Sound that came more than 400 ms late and is silence in recordings of both sides. */
  readonly recordedTooLateMs: number
  /** RTCP reports each way. */
  readonly reportsSent: number
  readonly reportsReceived: number
  /** From the far end's reports: there and back on the network, in milliseconds. Up to a tick of it is our own where RTCP shares the port. */
  readonly roundTripMs?: number
  /** From the far end's reports: what it has not received of our packets, and how evenly they come to it. */
  readonly farEnd?: { readonly packetsLost: number; readonly jitterMs: number }
  /**
   * How the far end sounded to us, by the E-model (ITU-T G.107): rating factor R, 0..100, and mean opinion score,
   * 1..4.5. Absent when nothing was received.
   */
  readonly quality?: { readonly rating: number; readonly mos: number }
}

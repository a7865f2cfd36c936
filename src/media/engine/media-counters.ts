/** What an engine counts. `legs` and `rooms` are gauges; the packet counts of a leg are added when it closes. */
export type MediaCounter =
  /** Legs that are open. */
  | 'legs'
  /** Legs that got a port. */
  | 'legsOpened'
  /** Legs that got no port, that lost it, or that could not go on. */
  | 'legsFailed'
  /** Rooms that somebody is in. */
  | 'rooms'
  /** Sub-ticks that began 5 ms late or more, when the next one should have begun. */
  | 'lateTicks'
  /** Packets that were not sent because their time had passed before we came to it. */
  | 'slotsSkipped'
  /** Times that a listener was owed sound and none was there. */
  | 'underruns'
  /** Gaps in what was played because the disk was behind, or what was to follow was not ready. */
  | 'playerUnderruns'
  /** Sound that came more than 400 ms late and is silence in recordings of both sides, in ms. */
  | 'recordedTooLateMs'
  /** Sound made up for packets that were lost or late, in ms. */
  | 'concealedMs'
  /** Sound cut out or put in to follow the network's delay and the clocks of far ends, in ms. */
  | 'stretchedMs'
  /** Legs whose far end's clock ran more than 200 ppm fast or slow. */
  | 'clocksDrifting'
  /** RTP packets handed to the network. */
  | 'packetsSent'
  /** RTP packets that belonged to the stream of their leg. */
  | 'packetsReceived'
  /** Packets that never came, by their sequence numbers. */
  | 'packetsLost'
  /** Datagrams that were nothing that a leg may hear: other senders, other payload types, not authentic, malformed. */
  | 'packetsRefused'
  /** RTCP reports of ours. */
  | 'reportsSent'
  /** RTCP reports of far ends. */
  | 'reportsReceived'

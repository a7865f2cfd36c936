/** How one direction of a link treats its packets. Every field has a default: see {@link GOOD_CONDITIONS}. */
export interface LinkConditions {
  /** One-way delay, ms. */
  readonly latencyMs: number
  /** Each packet is late by up to this much more (uniform), ms. Alone it bunches packets and never reorders them. */
  readonly jitterMs: number
  /** Probability that a packet is lost, each for itself, or the model of a link that loses in bursts. */
  readonly loss: number | BurstLoss
  /** Probability that a packet is overtaken by those that follow within `reorderByMs`. */
  readonly reorder: number
  /** How much later a reordered packet comes, ms. */
  readonly reorderByMs: number
  /** Probability that a packet arrives twice. */
  readonly duplicate: number
  /** Line rate; unlimited when absent. */
  readonly bitsPerSecond?: number
  /** Bytes that wait for the line before packets are dropped at its tail; matters with `bitsPerSecond` only. */
  readonly queueBytes: number
  /** Datagrams whose payload and headers (28 bytes) exceed this are dropped, as by a path that loses IP fragments. */
  readonly mtuBytes?: number
}

/**
 * Loss after Gilbert and Elliott: a link is in a good or in a bad state, changes between them from packet to packet,
 * and loses with a probability of its own in each (E. O. Elliott, "Estimates of Error Rates for Codes on Burst-Noise
 * Channels", Bell System Technical Journal 42, 1963).
 */
export interface BurstLoss {
  /** Probability of going from good to bad at a packet. */
  readonly enterBad: number
  /** Probability of going from bad to good at a packet. */
  readonly leaveBad: number
  /** Probability of loss in the bad state. */
  readonly lossWhileBad: number
  /** Probability of loss in the good state. */
  readonly lossWhileGood: number
}

/**
 * Burst loss from the two figures that people know.
 * @param rate the share of packets lost in the long run, 0 to below 1
 * @param meanBurst the mean number of packets lost in a row, at least 1
 */
export function burstLoss(rate: number, meanBurst: number): BurstLoss {
  const leaveBad = 1 / meanBurst
  return { enterBad: Math.min(1, (rate * leaveBad) / (1 - rate)), leaveBad, lossWhileBad: 1, lossWhileGood: 0 }
}

/** A clean local network: 1 ms one way, nothing lost, reordered or doubled, no limit of rate or size. */
export const GOOD_CONDITIONS: LinkConditions = {
  latencyMs: 1,
  jitterMs: 0,
  loss: 0,
  reorder: 0,
  reorderByMs: 30,
  duplicate: 0,
  queueBytes: 65_536,
}

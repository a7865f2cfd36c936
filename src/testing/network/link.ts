import { chance, type Instant, type Random, uniform } from '../../kit/index.ts'
import type { LinkConditions } from './conditions.ts'

/** Why a packet did not arrive. */
export type DropReason = 'lost' | 'queueFull' | 'tooLong' | 'noHost' | 'unreachable' | 'natFiltered' | 'natFull'

/** What a link does with one packet: when it arrives (twice when duplicated), or why it does not. */
export type Fate =
  | { readonly arrivals: readonly Instant[]; readonly reordered: boolean }
  | { readonly drop: 'lost' | 'queueFull' | 'tooLong' }

/** IPv4 and UDP headers, which take their share of the line. */
const HEADER_BYTES = 28

/** One direction between two hosts: decides the fate of each packet from the conditions and randomness of its own. */
export class Link {
  readonly #random: Random
  #bad = false
  #lineFreeAt: Instant = 0
  #latestArrival: Instant = 0

  constructor(random: Random) {
    this.#random = random
  }

  /** @param bytes length of the payload */
  transmit(bytes: number, conditions: LinkConditions, now: Instant): Fate {
    const length = bytes + HEADER_BYTES
    if (conditions.mtuBytes !== undefined && length > conditions.mtuBytes) return { drop: 'tooLong' }
    const leaves = this.#leaveLine(length, conditions, now)
    if (leaves === undefined) return { drop: 'queueFull' }
    if (this.#loses(conditions)) return { drop: 'lost' }
    const reordered = chance(this.#random, conditions.reorder)
    const arrivals = [this.#arrival(leaves, reordered, conditions)]
    if (chance(this.#random, conditions.duplicate)) arrivals.push(this.#arrival(leaves, false, conditions))
    return { arrivals, reordered }
  }

  /** When a segment of a reliable stream arrives: each loss costs it a retransmission instead. */
  deliver(bytes: number, conditions: LinkConditions, now: Instant): Instant {
    let leaves = this.#leaveLine(bytes + HEADER_BYTES, conditions, now) ?? Math.max(now, this.#lineFreeAt)
    for (let timeoutMs = 200; timeoutMs <= 3200 && this.#loses(conditions); timeoutMs *= 2) leaves += timeoutMs
    return leaves + conditions.latencyMs + this.#jitter(conditions)
  }

  #arrival(leaves: Instant, reordered: boolean, conditions: LinkConditions): Instant {
    const at = leaves + conditions.latencyMs + this.#jitter(conditions)
    // An overtaken packet does not hold up those behind it.
    if (reordered) return at + conditions.reorderByMs
    this.#latestArrival = Math.max(this.#latestArrival, at)
    return this.#latestArrival
  }

  #leaveLine(length: number, { bitsPerSecond, queueBytes }: LinkConditions, now: Instant): Instant | undefined {
    if (bitsPerSecond === undefined) return now
    const bytesPerMs = bitsPerSecond / 8000
    const starts = Math.max(now, this.#lineFreeAt)
    if ((starts - now) * bytesPerMs + length > queueBytes) return undefined
    this.#lineFreeAt = starts + length / bytesPerMs
    return this.#lineFreeAt
  }

  #loses({ loss }: LinkConditions): boolean {
    if (typeof loss === 'number') return chance(this.#random, loss)
    this.#bad = this.#bad ? !chance(this.#random, loss.leaveBad) : chance(this.#random, loss.enterBad)
    return chance(this.#random, this.#bad ? loss.lossWhileBad : loss.lossWhileGood)
  }

  #jitter({ jitterMs }: LinkConditions): number {
    return jitterMs === 0 ? 0 : uniform(this.#random) * jitterMs
  }
}

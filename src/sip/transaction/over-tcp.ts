import type { Instant } from '../../kit/index.ts'
import type { Peer } from '../endpoint/control.ts'
import { printedLength, type SipRequest } from '../message/index.ts'

/** How long a far end that could not be reached over TCP is spared the next attempt. */
const REFUSAL_KEPT_MS = 600_000

const MOST_REFUSALS = 1_000

/**
 * Which requests are too long for UDP, where a lost fragment loses them whole, and go over TCP (RFC 3261 section
 * 18.1.1). Many far ends speak UDP only; those are remembered for ten minutes, so that their calls do not wait each time.
 */
export class OverTcp {
  readonly #longest: number
  readonly #refused = new Map<string, Instant>()

  /** @param longest over UDP, in octets */
  constructor(longest = 1300) {
    this.#longest = longest
  }

  wants(request: SipRequest, to: Peer, now: Instant): boolean {
    if (to.transport !== 'udp' || printedLength(request) <= this.#longest) return false
    const until = this.#refused.get(keyOf(to))
    return until === undefined || until <= now
  }

  /** There was no connection to be had. */
  refused(to: Peer, now: Instant): void {
    const key = keyOf(to)
    this.#refused.delete(key)
    this.#refused.set(key, now + REFUSAL_KEPT_MS)
    if (this.#refused.size > MOST_REFUSALS) this.#refused.delete(this.#refused.keys().next().value as string)
  }
}

function keyOf({ address, port }: Peer): string {
  return `${address} ${port}`
}

import { parseUri, type SipResponse, uriEquals } from '../../sip/index.ts'
import { releaseReason } from '../cause-map.ts'
import type { Route } from './router.ts'

/**
 * What became of one way of placing a call: it is being `trying`, was `answered`, `refused` with a final response, or
 * `redirected` with one that was followed; nothing came (`noResponse`), the message could not be sent (`unreachable`), the trunk was known to be `down` and not
 * asked, or we gave it up (`cancelled`).
 */
export type AttemptOutcome =
  | 'trying'
  | 'answered'
  | 'refused'
  | 'redirected'
  | 'noResponse'
  | 'unreachable'
  | 'down'
  | 'cancelled'

/** One way that was tried of placing a call. */
export interface CallAttempt {
  /** The Request-URI. */
  readonly target: string
  /** The name of the trunk, where it took one. */
  readonly trunk?: string
  /** Wall time, in milliseconds since 1970, at which it began. */
  readonly startedAt: number
  readonly outcome: AttemptOutcome
  /** The SIP status of its final response. */
  readonly status?: number
  /** What was said with it. */
  readonly text?: string
}

/** The routes of a call as they are tried one after the other, and what became of each. */
export class Attempts {
  /** Everything that was tried so far, the present attempt last. */
  readonly made: CallAttempt[] = []
  #left: Route[]
  readonly #isUp: (route: Route) => boolean
  readonly #wallTimeMs: () => number
  /** How many redirected attempts are still allowed. */
  #follow: number

  constructor(
    routes: readonly Route[],
    { follow, isUp, wallTimeMs }: { follow: number; isUp: (route: Route) => boolean; wallTimeMs: () => number },
  ) {
    this.#follow = follow
    this.#left = [...routes]
    this.#isUp = isUp
    this.#wallTimeMs = wallTimeMs
  }

  /** Whether there is a further route that can be had. */
  get hasNext(): boolean {
    return this.#left.some((route) => this.#canTry(route))
  }

  /**
   * The far end wants the call elsewhere: these routes come first, then those of redirections before it; the other
   * trunks are not asked any more, for this one has reached somebody. Where the call has been, or goes to anyway, it does
   * not go again.
   * @returns whether there is somewhere to go
   */
  redirect(routes: readonly Route[]): boolean {
    const earlier = this.#left.filter(({ isRedirected }) => isRedirected)
    const known = [...this.made.map(({ target }) => target), ...earlier.map(({ uri }) => uri)]
    const fresh: Route[] = []
    for (const route of routes) {
      if (known.some((uri) => isSameTarget(uri, route.uri))) continue
      known.push(route.uri)
      fresh.push(route)
    }
    const goesOn = fresh.some((route) => this.#canTry(route))
    if (goesOn) this.#left = [...fresh, ...earlier]
    return goesOn
  }

  /** Begins the next attempt, passing over trunks that are down; `undefined` when no route is left. */
  next(): Route | undefined {
    for (let route = this.#left.shift(); route !== undefined; route = this.#left.shift()) {
      if (!this.#isWithinLimit(route)) continue
      if (route.isRedirected) this.#follow--
      const isUp = this.#isUp(route)
      this.made.push({
        target: route.uri,
        ...(route.trunk && { trunk: route.trunk.name }),
        startedAt: this.#wallTimeMs(),
        outcome: isUp ? 'trying' : 'down',
      })
      if (isUp) return route
    }
    return undefined
  }

  #canTry(route: Route): boolean {
    return this.#isUp(route) && this.#isWithinLimit(route)
  }

  #isWithinLimit({ isRedirected }: Route): boolean {
    return isRedirected !== true || this.#follow > 0
  }

  /** The present attempt is over; what was said of it first stands. */
  close(outcome: AttemptOutcome, said: { status?: number; text?: string } = {}): void {
    const last = this.made.at(-1)
    if (last?.outcome !== 'trying') return
    this.made[this.made.length - 1] = {
      ...last,
      outcome,
      ...(said.status !== undefined && { status: said.status }),
      ...(said.text !== undefined && said.text !== '' && { text: said.text }),
    }
  }
}

function isSameTarget(a: string, b: string): boolean {
  const [first, second] = [parseUri(a), parseUri(b)]
  return first.ok && second.ok ? uriEquals(first.value, second.value) : a === b
}

/** Q.850 causes that a trunk gives for itself: no circuit, out of order, overload, no route. */
const TRUNK_CAUSES: ReadonlySet<number> = new Set([2, 3, 27, 34, 38, 41, 42, 44, 47])

/**
 * Whether a final response speaks of the trunk and not of the callee, so that another trunk may do better: 503 (RFC
 * 3263 section 4.3), unless a Q.850 cause in it speaks of the callee.
 */
export function isFaultOfTrunk(response: SipResponse): boolean {
  if (response.status !== 503) return false
  const { q850 } = releaseReason(response.headers.all('reason'))
  return q850 === undefined || TRUNK_CAUSES.has(q850)
}

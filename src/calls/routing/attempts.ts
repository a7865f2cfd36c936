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
  /** Those that were called at the same time, where several were. */
  readonly alongside?: readonly string[]
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
  /** Every target that was on the list. */
  readonly #seen: string[]
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
    this.#seen = routes.map(({ uri }) => uri)
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
   * @param groups in order; those of one group are called at once, but for those that take a trunk and may cost
   * @returns whether there is somewhere to go
   */
  redirect(groups: readonly (readonly Route[])[]): boolean {
    const fresh = groups.flatMap((group) => {
      const unseen = group.filter(({ uri }) => this.#isNew(uri))
      return [...atOnce(unseen.filter(({ trunk }) => trunk === undefined)), ...unseen.filter(({ trunk }) => trunk)]
    })
    const goesOn = fresh.some((route) => this.#canTry(route))
    if (goesOn) this.#left = [...fresh, ...this.#left.filter(({ isRedirected }) => isRedirected)]
    return goesOn
  }

  #isNew(target: string): boolean {
    const isNew = !this.#seen.some((uri) => isSameTarget(uri, target))
    if (isNew) this.#seen.push(target)
    return isNew
  }

  /** Begins the next attempt, passing over trunks that are down; `undefined` when no route is left. */
  next(): Route | undefined {
    for (let route = this.#left.shift(); route !== undefined; route = this.#left.shift()) {
      if (!this.#isWithinLimit(route)) continue
      if (route.isRedirected) route = this.#limited(route)
      const isUp = this.#isUp(route)
      this.made.push({
        target: route.uri,
        ...(route.alongside && { alongside: route.alongside.map(({ uri }) => uri) }),
        ...(route.trunk && { trunk: route.trunk.name }),
        startedAt: this.#wallTimeMs(),
        outcome: isUp ? 'trying' : 'down',
      })
      if (isUp) return route
    }
    return undefined
  }

  /** Of those that would be called at once, as many as may still be followed. */
  #limited(route: Route): Route {
    const { alongside: others = [], ...first } = route
    const alongside = others.slice(0, this.#follow - 1)
    this.#follow -= 1 + alongside.length
    return alongside.length === 0 ? first : { ...first, alongside }
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

/** Several routes as one that calls them all. */
function atOnce([first, ...alongside]: readonly Route[]): Route[] {
  if (first === undefined) return []
  return [alongside.length === 0 ? first : { ...first, alongside }]
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

import { type Random, UsageError } from '../../kit/index.ts'
import {
  escapeUser,
  type Peer,
  parseNameAddr,
  parseUri,
  peerOf,
  printUri,
  privacyOf,
  type SipUri,
  uriHeaders,
} from '../../sip/index.ts'
import { assertRoomName } from '../conference/rooms.ts'
import { type DivertedCall, diversionHeaders } from '../diversion.ts'
import { Cause } from '../enums.ts'
import {
  type Caller,
  isMeant,
  numberOf,
  numberUri,
  type PresentedCaller,
  presentCaller,
  presentReferrer,
  type Referrer,
} from './caller-id.ts'
import { type Inside, roomUser } from './inside.ts'
import { formatNumber, isPossible, type NumberPlan, normaliseNumber, numberIn } from './number-plan.ts'
import { isHostAllowed, type RedirectPolicy } from './redirects.ts'
import { inOrder, type NumberRoute, RouteTable } from './route-table.ts'
import type { Trunk, TrunkHealth } from './trunk.ts'

/** One way of placing a call. */
export interface Route {
  /** The Request-URI. */
  readonly uri: string
  /** The trunk that it takes, whose settings are those of the call. */
  readonly trunk?: Trunk
  /** Send to this peer instead of the host of the URI (an outbound proxy). */
  readonly via?: Peer
  /** The service or the conference room of ours that is called: the call stays inside of the exchange. */
  readonly inside?: `service:${string}` | `room:${string}`
  /** The user of ours whose phone it leads to. */
  readonly user?: string
  /** A far end has redirected the call here. */
  readonly isRedirected?: boolean
  /** `via` is the only way to the far end, which stands behind a NAT. Default false. */
  readonly isFlow?: boolean
  /** The hops that it takes first, as Route headers. Default: those of its trunk. */
  readonly hops?: readonly string[]
  /** Called at the same time: whoever answers first has the call. */
  readonly alongside?: readonly Route[]
}

/** What a dialled address comes to: the routes to try, in order, or why there is none. */
export interface Destination {
  readonly routes: readonly Route[]
  /** How the call ends that has no route. */
  readonly refusal?: { readonly cause: Cause; readonly text: string }
}

/** Who knows where the phones of our users are. */
export interface UserDirectory {
  /** Where a call goes; `undefined` when it is not for a user of ours. */
  find(to: string): Destination | undefined
}

export interface RouterOptions {
  readonly trunks: readonly Trunk[]
  readonly numbering?: NumberPlan | undefined
  /** Which trunks take which numbers. Default: the first takes all. */
  readonly routes?: readonly NumberRoute[] | undefined
  /** Default: every trunk is up. */
  readonly health?: TrunkHealth | undefined
  /** Who has phones here. Default: nobody. */
  readonly users?: UserDirectory | undefined
  /** The way to our own services. */
  readonly inside: Inside
  /** Shares calls among trunks of one priority. */
  readonly random: Random
  /** The URI of the exchange. */
  readonly identity: string
}

/** Where calls go, and who they say that they are. */
export class Router {
  readonly #options: RouterOptions
  readonly #trunks: ReadonlyMap<string, Trunk>
  readonly #table: RouteTable | undefined

  /** @throws UsageError when a route names a trunk that is not there, or a prefix is there twice */
  constructor(options: RouterOptions) {
    this.#options = options
    this.#trunks = new Map(options.trunks.map((trunk) => [trunk.name, trunk]))
    for (const { prefix, trunks } of options.routes ?? []) {
      const unknown = trunks.find(({ name }) => !this.#trunks.has(name))
      if (unknown !== undefined)
        throw new UsageError(
          `the route for "${prefix}" names the trunk "${unknown.name}", and there is none of that name`,
        )
    }
    this.#table = options.routes && new RouteTable(options.routes)
  }

  /** Whether calls may be placed through a trunk now. */
  isUp(trunk: Trunk | undefined): boolean {
    return trunk === undefined || this.#options.health === undefined || this.#options.health.isUp(trunk.name)
  }

  /**
   * The hops that a call by `route` takes first, as Route headers: the proxy of the trunk, through which its registration went,
   * and then what the registrar has named (RFC 3608).
   */
  hopsOf({ hops, trunk }: Route): readonly string[] {
    if (hops !== undefined || trunk === undefined) return hops ?? []
    const { outboundProxy } = trunk
    const serviceRoute = this.#options.health?.serviceRouteOf?.(trunk.name) ?? []
    const isIncluded = outboundProxy === undefined || isSameHop(outboundProxy, serviceRoute[0])
    return isIncluded ? serviceRoute : [outboundProxy, ...serviceRoute]
  }

  /**
   * Resolves what an application dials: `user:` and a name, or a user at our address, to the phones that are registered; any
   * other `sip:` URI as it is; a `tel:` URI or plain digits by the number plan and the routes; `service:` and the name of a
   * service of ours; `room:` and the name of a conference room.
   *
   * @throws UsageError when the destination is malformed, of an unknown kind, or needs a trunk and none is configured
   */
  resolve(to: string): Destination {
    const local = this.#options.users?.find(to)
    if (local !== undefined) return local
    if (/^sips?:/i.test(to)) {
      const uri = parseUri(to)
      if (!uri.ok) throw new UsageError(`"${to}" is not a valid SIP URI: ${uri.error}`)
      return { routes: [{ uri: to }] }
    }
    const number = /^tel:/i.test(to) ? this.#numberOfTel(to) : numberIn(to)
    if (number !== undefined) return this.#resolveNumber(normaliseNumber(number, this.#options.numbering))
    if (/^service:/i.test(to)) return { routes: [this.#toService(to.slice('service:'.length))] }
    if (/^room:/i.test(to)) return { routes: [this.#toRoom(to.slice('room:'.length))] }
    throw new UsageError(
      `cannot call "${to}": expected a sip: URI, a tel: URI, the digits of a number, user: and a name, service: and the name of a service, or room: and the name of a conference room`,
    )
  }

  /**
   * The URI that leads a far end to what an application dials: a number by the trunk of its call, or else by us, as to a user
   * of ours. `undefined`: a service or a room, which only we can call.
   *
   * @throws UsageError when the destination is malformed or of an unknown kind
   */
  uriFor(to: string, trunk: Trunk | undefined): string | undefined {
    const { identity, numbering } = this.#options
    if (/^sips?:/i.test(to)) {
      const uri = parseUri(to)
      if (!uri.ok) throw new UsageError(`"${to}" is not a valid SIP URI: ${uri.error}`)
      if (uri.value.scheme !== 'tel' && uriHeaders(uri.value).length > 0)
        throw new UsageError(
          `"${to}" has headers, which a far end cannot be asked to send: leave out what follows the ?`,
        )
      return to
    }
    const dialled = /^tel:/i.test(to) ? this.#numberOfTel(to) : numberIn(to)
    if (dialled !== undefined) {
      const number = normaliseNumber(dialled, numbering)
      if (!isPossible(number)) throw noNumber(number)
      return trunk === undefined ? numberUri(number, undefined, identity) : this.#through(trunk, number).uri
    }
    if (/^user:/i.test(to)) return numberUri(to.slice('user:'.length), undefined, identity)
    this.resolve(to)
    return undefined
  }

  /** Who a call by `route` says that it is from. */
  present(caller: Caller, route: Route): PresentedCaller {
    return presentCaller(caller, route.trunk, this.#options.numbering, this.#options.identity)
  }

  /**
   * What a call by `route` says of the one that it carries on. Whoever is outside of our trust domain is not told what
   * its caller wants hidden (RFC 7044 section 10.1).
   */
  divert(call: DivertedCall, route: Route): readonly (readonly [name: string, value: string])[] {
    const { trunk, uri } = route
    const hides = privacyOf(call.headers).some((value) => value === 'history' || value === 'header')
    if (hides && trunk?.isTrusted !== true) return []
    const { identity, numbering } = this.#options
    const number = numberOf(call.divertedBy, numbering)?.number
    const written = number && formatNumber(number, trunk?.callerId?.format ?? 'e164', numbering)
    const divertedBy = written === undefined ? call.divertedBy : numberUri(written, trunk, identity)
    return diversionHeaders({ ...call, divertedBy }, uri, trunk?.diversion ?? 'diversion')
  }

  /** What a call by `route` says of who has asked for it (RFC 3892). */
  referredBy(referrer: Referrer, route: Route): readonly (readonly [name: string, value: string])[] {
    const { identity, numbering } = this.#options
    const uri = presentReferrer(referrer, route.trunk, numbering, identity)
    return uri === undefined ? [] : [['Referred-By', `<${uri}>`]]
  }

  /**
   * The way to a target that the far end of `from` redirects to; `undefined` when the policy does not allow it. A user
   * who is a number counts as one, unless he is at the host that redirects and that is no trunk of ours: whom its
   * operator pays for is his own business. What was to be secure stays so (RFC 3261 section 8.1.3.4).
   */
  redirect(target: string, from: Route, policy: RedirectPolicy): Route | undefined {
    const uri = parseUri(target)
    if (!uri.ok || (/^sips:/i.test(from.uri) && uri.value.scheme !== 'sips')) return undefined
    const number = numberOf(target, this.#options.numbering)?.number
    if (uri.value.scheme === 'tel')
      return uri.value.params.has('phone-context') ? undefined : this.#allowed(number, policy)
    const trunk = this.#options.trunks.find((trunk) => hostOf(trunk.uri) === hostOf(target))
    const isElsewhere = trunk !== undefined || hostOf(target) !== hostOf(from.uri)
    if (number !== undefined && isElsewhere) {
      const route = this.#allowed(number, policy)
      if (route === undefined || trunk !== undefined) return route
    }
    if (!isHostAllowed(uri.value, from.uri, policy)) return undefined
    return { uri: target, ...(trunk !== undefined && trunk === from.trunk && { trunk }), isRedirected: true }
  }

  /** The first trunk that takes a number which may be redirected to. */
  #allowed(number: string | undefined, policy: RedirectPolicy): Route | undefined {
    const isAllowed = number !== undefined && isPossible(number) && policy.numbers.some((mask) => isMeant(mask, number))
    if (!isAllowed || this.#options.trunks.length === 0) return undefined
    const { routes } = this.#resolveNumber(number)
    const route = routes.find(({ trunk }) => this.isUp(trunk)) ?? routes[0]
    return route && { ...route, isRedirected: true }
  }

  #toService(name: string): Route {
    if (!/^[A-Za-z0-9._-]{1,64}$/.test(name))
      throw new UsageError(`cannot call "service:${name}": the name of a service is 1 to 64 letters, digits and . _ -`)
    const { inside } = this.#options
    return { uri: inside.uriOf(name), via: inside.peer, inside: `service:${name}` }
  }

  #toRoom(name: string): Route {
    assertRoomName(`cannot call "room:${name}"`, name)
    const { inside } = this.#options
    return { uri: inside.uriOf(roomUser(name)), via: inside.peer, inside: `room:${name}` }
  }

  #resolveNumber(number: string): Destination {
    if (!isPossible(number)) throw noNumber(number)
    if (this.#table === undefined) {
      const trunk = this.#options.trunks[0]
      if (trunk === undefined)
        throw new UsageError(
          `"${number}" is a telephone number and no trunk is configured: add one, or dial a sip: URI`,
        )
      return { routes: [this.#through(trunk, number)] }
    }
    const route = this.#table.find(number)
    if (route === undefined)
      return { routes: [], refusal: { cause: Cause.UNOBTAINABLE, text: `no route is for ${number}` } }
    if (route.service !== undefined) return { routes: [this.#toService(route.service)] }
    const names = inOrder(route.trunks, this.#options.random)
    if (names.length === 0) return { routes: [], refusal: { cause: Cause.BARRED, text: `${number} is barred here` } }
    return { routes: names.map((name) => this.#through(this.#trunks.get(name) as Trunk, number)) }
  }

  #through(trunk: Trunk, number: string): Route {
    const uri = parseUri(trunk.uri)
    if (!uri.ok || uri.value.scheme === 'tel') throw new UsageError(`trunk ${trunk.name}: ${trunk.uri} is no SIP URI`)
    const user = escapeUser(formatNumber(number, trunk.numberFormat ?? 'e164', this.#options.numbering))
    return { uri: printUri({ ...(uri.value as SipUri), user }), trunk }
  }

  /**
   * The number of a `tel:` URI (RFC 3966). One that is local to somewhere means what it means here, where `phone-context`
   * is our country or missing.
   */
  #numberOfTel(to: string): string {
    const uri = parseUri(to)
    const number = uri.ok && uri.value.scheme === 'tel' ? numberIn(uri.value.number) : undefined
    if (!uri.ok || number === undefined)
      throw new UsageError(
        `"${to}" is not a valid tel: URI: ${uri.ok ? 'it has no number that can be dialled' : uri.error}`,
      )
    const { params } = uri.value
    if (params.has('ext'))
      throw new UsageError(`"${to}" has an extension, which no exchange can dial: call without it, then press the keys`)
    const context = params.get('phone-context')
    if (number.startsWith('+') || context === undefined || context === `+${this.#options.numbering?.countryCode}`)
      return number
    throw new UsageError(`"${to}" is a number of another plan, ${context}: dial it with + and its country code`)
  }
}

function noNumber(number: string): UsageError {
  return new UsageError(`${number} is no telephone number: with its country code it has more than 15 digits`)
}

function hostOf(uriText: string): string | undefined {
  const uri = parseUri(uriText)
  return uri.ok && uri.value.scheme !== 'tel' ? uri.value.host.toLowerCase() : undefined
}

/** Whether two Route headers lead to the same server. */
function isSameHop(a: string, b: string | undefined): boolean {
  const [one, other] = [peerOfHop(a), peerOfHop(b ?? '')]
  return one !== undefined && one === other
}

function peerOfHop(hop: string): string | undefined {
  const parsed = parseNameAddr(hop)
  const peer = parsed.ok ? peerOf(parsed.value.uri) : undefined
  return peer?.ok ? `${peer.value.transport} ${peer.value.address.toLowerCase()} ${peer.value.port}` : undefined
}

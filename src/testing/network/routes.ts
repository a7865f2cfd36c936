import type { Instant } from '../../kit/index.ts'
import { namedRandom } from '../seed.ts'
import type { SocketAddress } from './address.ts'
import { GOOD_CONDITIONS, type LinkConditions } from './conditions.ts'
import { Link } from './link.ts'
import { Nat, type NatOptions, type NatProtocol } from './nat.ts'

/** Where a packet goes after address translation, and the link that takes it there. */
export interface Route {
  /** The sender as the outside sees it. */
  readonly source: SocketAddress
  readonly link: Link
  readonly conditions: LinkConditions
}

/** Hosts, NAT boxes and the links between them: the map of the network. */
export class Routes {
  readonly #seed: number
  readonly #hosts = new Set<string>()
  readonly #natByInside = new Map<string, Nat>()
  readonly #natByPublic = new Map<string, Nat>()
  readonly #links = new Map<string, Map<string, Link>>()
  readonly #conditions = new Map<string, Partial<LinkConditions>>()
  #default: LinkConditions

  constructor(seed: number, conditions: Partial<LinkConditions> = {}) {
    this.#seed = seed
    this.#default = { ...GOOD_CONDITIONS, ...conditions }
  }

  addHost(address: string): void {
    this.#hosts.add(address)
  }

  addNat(options: NatOptions): void {
    const nat = new Nat(options)
    this.#natByPublic.set(nat.publicAddress, nat)
    for (const address of options.inside) this.#natByInside.set(address, nat)
  }

  /** See SimulatedNetwork.setConditions. */
  setConditions(conditions: Partial<LinkConditions>, where: { from?: string; to?: string }): void {
    if (where.from === undefined && where.to === undefined) this.#default = { ...GOOD_CONDITIONS, ...conditions }
    else this.#conditions.set(place(where.from, where.to), conditions)
  }

  /** The way out, or `undefined` when the NAT in front of the sender has no port left. */
  depart(protocol: NatProtocol, from: SocketAddress, to: SocketAddress, now: Instant): Route | undefined {
    const nat = this.#natByInside.get(from.address)
    const source = nat === undefined || nat.isInside(to.address) ? from : nat.outbound(protocol, from, to, now)
    if (source === undefined) return undefined
    return { source, link: this.#link(source.address, to.address), conditions: this.#between(source, to) }
  }

  /** Who really gets what arrives for `to`, or why nobody does. */
  arrive(
    protocol: NatProtocol,
    source: SocketAddress,
    to: SocketAddress,
    now: Instant,
  ): SocketAddress | 'natFiltered' | 'noHost' {
    const nat = this.#natByPublic.get(to.address)
    if (nat !== undefined) return nat.inbound(protocol, source, to.port, now) ?? 'natFiltered'
    // Private addresses mean nothing outside.
    const hidden = this.#natByInside.get(to.address)
    if (hidden !== undefined && !hidden.isInside(source.address)) return 'noHost'
    return this.#hosts.has(to.address) ? to : 'noHost'
  }

  #link(from: string, to: string): Link {
    const links = this.#links.get(from) ?? new Map<string, Link>()
    this.#links.set(from, links)
    const link = links.get(to) ?? new Link(namedRandom(this.#seed, `link ${from}>${to}`))
    links.set(to, link)
    return link
  }

  #between(from: SocketAddress, to: SocketAddress): LinkConditions {
    if (from.address === to.address) return GOOD_CONDITIONS
    if (this.#conditions.size === 0) return this.#default
    const special =
      this.#conditions.get(place(from.address, to.address)) ??
      this.#conditions.get(place(from.address, undefined)) ??
      this.#conditions.get(place(undefined, to.address))
    return special === undefined ? this.#default : { ...this.#default, ...special }
  }
}

function place(from = '*', to = '*'): string {
  return `${from}>${to}`
}

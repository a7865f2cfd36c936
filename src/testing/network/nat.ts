import type { Instant } from '../../kit/index.ts'
import { formatAddress, type SocketAddress } from './address.ts'

/**
 * The four kinds of RFC 3489 section 5. In the words of RFC 4787: the three cones map independently of the
 * destination and filter by nothing, by address, or by address and port; the symmetric one maps and filters by both.
 */
export type NatKind = 'full-cone' | 'restricted-cone' | 'port-restricted-cone' | 'symmetric'

/** One NAT: whom it hides, behind what, and how. */
export interface NatOptions {
  readonly kind: NatKind
  /** The address that the outside sees. */
  readonly publicAddress: string
  /** The hosts behind it. */
  readonly inside: readonly string[]
  /** A mapping without outgoing packets for this long is forgotten (RFC 4787 REQ-5 asks for 120 s at least; many are shorter). Default 120,000. */
  readonly mappingTimeoutMs?: number
}

export type NatProtocol = 'udp' | 'tcp'

/** A box that rewrites addresses: what goes out gets a public port, what comes in needs one. It keeps no timer. */
export class Nat {
  readonly kind: NatKind
  readonly publicAddress: string
  readonly #inside: ReadonlySet<string>
  readonly #timeoutMs: number
  readonly #bySource = new Map<string, Mapping>()
  readonly #byPort = new Map<string, Mapping>()
  #nextPort = FIRST_PORT

  constructor({ kind, publicAddress, inside, mappingTimeoutMs = 120_000 }: NatOptions) {
    this.kind = kind
    this.publicAddress = publicAddress
    this.#inside = new Set(inside)
    this.#timeoutMs = mappingTimeoutMs
  }

  isInside(address: string): boolean {
    return this.#inside.has(address)
  }

  /** The public source of a packet on its way out, or `undefined` when every port is taken. */
  outbound(protocol: NatProtocol, from: SocketAddress, to: SocketAddress, now: Instant): SocketAddress | undefined {
    const destination = this.kind === 'symmetric' ? `>${formatAddress(to)}` : ''
    const key = `${protocol} ${formatAddress(from)}${destination}`
    let mapping = this.#bySource.get(key)
    if (mapping !== undefined && this.#isStale(mapping, now)) {
      this.#forget(mapping)
      mapping = undefined
    }
    mapping ??= this.#map(protocol, key, from, now)
    if (mapping === undefined) return undefined
    mapping.usedAt = now
    mapping.contacted.add(to.address).add(formatAddress(to))
    return { address: this.publicAddress, port: mapping.port }
  }

  /** The inside destination of a packet that came to a public port, or `undefined` when it is kept out. */
  inbound(protocol: NatProtocol, from: SocketAddress, port: number, now: Instant): SocketAddress | undefined {
    const mapping = this.#byPort.get(`${protocol} ${port}`)
    if (mapping === undefined || this.#isStale(mapping, now)) return undefined
    const open =
      this.kind === 'full-cone' ||
      mapping.contacted.has(this.kind === 'restricted-cone' ? from.address : formatAddress(from))
    return open ? mapping.inside : undefined
  }

  #map(protocol: NatProtocol, key: string, inside: SocketAddress, now: Instant): Mapping | undefined {
    for (let tries = 0; tries <= LAST_PORT - FIRST_PORT; tries++) {
      const port = this.#nextPort
      this.#nextPort = port === LAST_PORT ? FIRST_PORT : port + 1
      const holder = this.#byPort.get(`${protocol} ${port}`)
      if (holder !== undefined && !this.#isStale(holder, now)) continue
      if (holder !== undefined) this.#forget(holder)
      const mapping: Mapping = { protocol, key, inside, port, contacted: new Set(), usedAt: now }
      this.#bySource.set(key, mapping)
      this.#byPort.set(`${protocol} ${port}`, mapping)
      return mapping
    }
    return undefined
  }

  #forget(mapping: Mapping): void {
    this.#bySource.delete(mapping.key)
    this.#byPort.delete(`${mapping.protocol} ${mapping.port}`)
  }

  #isStale(mapping: Mapping, now: Instant): boolean {
    return now - mapping.usedAt > this.#timeoutMs
  }
}

interface Mapping {
  readonly protocol: NatProtocol
  readonly key: string
  readonly inside: SocketAddress
  readonly port: number
  /** Whom the inside has written to: addresses, and addresses with ports. */
  readonly contacted: Set<string>
  usedAt: Instant
}

const FIRST_PORT = 40_000
const LAST_PORT = 65_535

import type { Instant, Random } from '../kit/index.ts'
import { VirtualClock } from './clock/virtual-clock.ts'
import { Ladder } from './ladder/ladder.ts'
import type { LinkConditions } from './network/conditions.ts'
import type { SimulatedHost } from './network/host.ts'
import { Hosts } from './network/hosts.ts'
import type { NatOptions } from './network/nat.ts'
import { type DnsZone, SimulatedDns } from './network/simulated-dns.ts'
import { SimulatedNetwork } from './network/simulated-network.ts'
import { namedRandom, seedOfEnvironment } from './seed.ts'
import { SimulatedExchange, type SimulatedExchangeOptions } from './simulated-exchange.ts'
import { SipPeer, type SipPeerOptions } from './sip/sip-peer.ts'

/** What a simulation is made with. */
export interface SimulationOptions {
  /** Where all randomness comes from. RINGDOWN_SEED of the environment goes before it. Default 1. */
  readonly seed?: number
  /** Of every link for which nothing else is set. Default: a clean network with 1 ms of delay. */
  readonly conditions?: Partial<LinkConditions>
  /** What DNS says beside the names of the hosts. */
  readonly dns?: DnsZone
  /** The most rows of the ladder diagram that are kept. Default 120. */
  readonly ladderRows?: number
  /** Leaves everything out of the ladder but messages with this text in them: the Call-ID of one call among many. */
  readonly ladderOf?: string
}

/** A world of its own: virtual time, a network with hosts on it, and the ladder of what they said. */
export class Simulation {
  readonly seed: number
  readonly clock = new VirtualClock()
  readonly network: SimulatedNetwork
  /** What exchanges ask for the addresses of hosts and servers. */
  readonly dns: SimulatedDns
  readonly ladder: Ladder
  readonly #hosts: Hosts
  readonly #addresses = new Map<string, string>()

  constructor(options: SimulationOptions = {}) {
    this.seed = seedOfEnvironment() ?? options.seed ?? 1
    this.ladder = new Ladder(options.ladderRows, options.ladderOf)
    this.dns = new SimulatedDns(this.clock)
    this.dns.add(options.dns ?? {})
    this.network = new SimulatedNetwork({
      seed: this.seed,
      ...(options.conditions !== undefined && { conditions: options.conditions }),
    })
    this.#hosts = new Hosts(this.clock, this.network, (output, now) => this.ladder.observe(output, now))
  }

  /** Monotonic virtual milliseconds. */
  get now(): Instant {
    return this.clock.now
  }

  /** A digest of all network traffic and its times: equal for equal runs. */
  get traceHash(): string {
    return this.network.traceHash
  }

  /** A stream of randomness for `name`, from the seed. */
  random(name: string): Random {
    return namedRandom(this.seed, name)
  }

  /** The host at `address`, made when it is not there yet. Its name heads its column, and resolves to the address. */
  host(address: string, name?: string): SimulatedHost {
    const host = this.#hosts.host(address, name)
    if (name !== undefined) {
      this.#addresses.set(name, address)
      this.ladder.name(address, name)
    }
    return host
  }

  /** The address of the host of that name; anything else is given back. */
  resolve(name: string): string {
    return this.#addresses.get(name) ?? name
  }

  /** Puts a NAT box before hosts. With one host inside, the ladder draws the two as one. */
  nat(options: NatOptions & { readonly name?: string }): void {
    this.network.addNat(options)
    const [only, ...others] = options.inside
    const inside = only !== undefined && others.length === 0 ? this.ladder.nameOf(only) : options.publicAddress
    this.ladder.name(options.publicAddress, options.name ?? inside)
  }

  /** A whole exchange on the host at `address`. */
  exchange(address: string, options: SimulatedExchangeOptions & { readonly name?: string } = {}): SimulatedExchange {
    const environment = {
      clock: this.clock,
      host: this.host(address, options.name),
      random: (name: string) => this.random(name),
      resolve: (name: string) => this.resolve(name),
      dns: this.dns,
    }
    return new SimulatedExchange(environment, options)
  }

  /** A scripted SIP far end on the host at `address`. */
  peer(address: string, options: SipPeerOptions = {}): SipPeer {
    return new SipPeer(
      {
        host: this.host(address, options.name),
        clock: this.clock,
        random: this.random(`peer ${address}:${options.port ?? 5060}`),
        resolve: (name) => this.resolve(name),
      },
      options,
    )
  }
}

/** Makes a {@link Simulation}. */
export function simulate(options: SimulationOptions = {}): Simulation {
  return new Simulation(options)
}

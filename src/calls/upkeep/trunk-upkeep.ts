import { Counters, type Instant, NEVER } from '../../kit/index.ts'
import type { Credentials, RequestOutcome } from '../../sip/index.ts'
import { TrunkLine, type UpkeepHost } from './trunk-line.ts'
import type { TrunkKeepAlive, TrunkRegistration, TrunkStatus } from './trunk-status.ts'

export type TrunkCounter =
  /** A trunk took a registration of ours, or its refresh, or let it be taken back. */
  | 'registrationsAccepted'
  /** A trunk refused a registration of ours, or did not answer. */
  | 'registrationsFailed'
  /** A trunk did not answer an OPTIONS in time, or said that it does not serve. */
  | 'keepAlivesMissed'

/** A trunk as its upkeep sees it. */
export interface KeptTrunk {
  readonly name: string
  readonly uri: string
  /** The Route header of what is sent to it. */
  readonly outboundProxy?: string
  readonly credentials?: Credentials
  readonly registration?: TrunkRegistration
  readonly keepAlive?: TrunkKeepAlive
  /** How its calls are known otherwise: then its registrar's address is not what counts. */
  readonly inbound?: unknown
}

/** Keeps trunks registered and knows which of them are up. It begins with the first `expire`. */
export class TrunkUpkeep {
  readonly counters = new Counters<TrunkCounter>()
  readonly #lines: ReadonlyMap<string, TrunkLine>
  #phase: 'new' | 'running' | 'stopped' = 'new'

  /** @param onChange told of every change, with what is now known of the trunk */
  constructor(host: UpkeepHost, trunks: readonly KeptTrunk[], onChange: (status: TrunkStatus) => void) {
    const kept = trunks.filter(({ registration, keepAlive }) => registration !== undefined || keepAlive !== undefined)
    this.#lines = new Map(kept.map((trunk) => [trunk.name, new TrunkLine(host, trunk, this.counters, onChange)]))
  }

  /** What is known of the trunks that register or are asked, in the order of the configuration. */
  get statuses(): readonly TrunkStatus[] {
    return [...this.#lines.values()].map(({ status }) => status)
  }

  /** REGISTERs that are on their way. */
  get registering(): number {
    let count = 0
    for (const { isRegistering } of this.#lines.values()) if (isRegistering) count++
    return count
  }

  /** Whether calls through a trunk can be expected to get through; a trunk that nobody looks after counts as up. */
  isUp(trunk: string): boolean {
    return this.#lines.get(trunk)?.isUp ?? true
  }

  /** The hops that calls through a trunk must take first (RFC 3608). */
  serviceRouteOf(trunk: string): readonly string[] {
    return this.#lines.get(trunk)?.serviceRoute ?? []
  }

  /** The trunk that a request from this address is known to come from, because it took our registration. */
  trunkAt(address: string): string | undefined {
    for (const line of this.#lines.values()) if (line.address === address) return line.name
    return undefined
  }

  /** Takes every registration back. */
  stop(): void {
    const wasRunning = this.#phase === 'running'
    this.#phase = 'stopped'
    if (wasRunning) for (const line of this.#lines.values()) line.stop()
  }

  onOutcome(series: number, outcome: RequestOutcome): void {
    for (const line of this.#lines.values()) if (line.onOutcome(series, outcome)) return
  }

  /** At once before it has begun. */
  deadline(): Instant {
    let earliest = NEVER
    if (this.#phase === 'new' && this.#lines.size > 0) return 0
    for (const line of this.#lines.values()) earliest = Math.min(earliest, line.deadline())
    return earliest
  }

  expire(now: Instant): void {
    const isNew = this.#phase === 'new'
    if (isNew) this.#phase = 'running'
    for (const line of this.#lines.values()) {
      if (isNew) line.start()
      else if (line.deadline() <= now) line.expire()
    }
  }
}

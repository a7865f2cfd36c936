import type { Counters, Instant } from '../../kit/index.ts'
import { NEVER } from '../../kit/index.ts'
import { Reachability, Registration, type RequestOutcome } from '../../sip/index.ts'
import type { CallHost } from '../host.ts'
import type { ReachabilityStatus, RegistrationStatus, TrunkStatus } from './trunk-status.ts'
import type { KeptTrunk, TrunkCounter } from './trunk-upkeep.ts'

/** What the exchange lends to the upkeep of trunks. */
export type UpkeepHost = Pick<CallHost, 'random' | 'now' | 'wallTimeMs' | 'nextId' | 'sip'>

/** The upkeep of one trunk: its registration and the OPTIONS that ask whether it is there. */
export class TrunkLine {
  readonly name: string
  readonly #host: UpkeepHost
  readonly #trunk: KeptTrunk
  readonly #counters: Counters<TrunkCounter>
  readonly #registration: Registration | undefined
  readonly #reachability: Reachability | undefined
  /** All REGISTERs are of one series. */
  readonly #series: number
  /** The OPTIONS under way, by series. */
  readonly #probes = new Map<number, number>()
  readonly #onChange: (status: TrunkStatus) => void
  #told: string

  constructor(
    host: UpkeepHost,
    trunk: KeptTrunk,
    counters: Counters<TrunkCounter>,
    onChange: (status: TrunkStatus) => void,
  ) {
    const { random } = host
    const { registration, keepAlive } = trunk
    this.name = trunk.name
    this.#host = host
    this.#trunk = trunk
    this.#counters = counters
    this.#onChange = onChange
    this.#series = host.nextId()
    this.#registration =
      registration && new Registration({ random, ...(registration.expiresS && { expiresS: registration.expiresS }) })
    this.#reachability = keepAlive && new Reachability({ random, ...keepAlive })
    this.#told = newsOf(this.#registration?.state) + newsOf(this.#reachability?.state)
  }

  get status(): TrunkStatus {
    return {
      name: this.name,
      isUp: this.isUp,
      ...(this.#registration && { registration: this.#registrationStatus(this.#registration) }),
      ...(this.#reachability && { reachability: this.#reachabilityStatus(this.#reachability) }),
    }
  }

  get isUp(): boolean {
    if (this.#reachability?.state.type === 'down') return false
    const state = this.#registration?.state
    if (state?.type === 'trying') return state.reason === undefined
    return state?.type !== 'refused'
  }

  get serviceRoute(): readonly string[] {
    const state = this.#registration?.state
    return state?.type === 'registered' ? state.serviceRoute : []
  }

  /** The address that its calls come from, unless it says how they are known: that of the server that took its registration. */
  get address(): string | undefined {
    const state = this.#trunk.inbound === undefined ? this.#registration?.state : undefined
    return state?.type === 'registered' ? state.registrar : undefined
  }

  /** A REGISTER is on its way. */
  get isRegistering(): boolean {
    return this.#registration?.isAsking ?? false
  }

  start(): void {
    this.#registration?.handle({ type: 'start' }, this.#host.now)
    this.#reachability?.handle({ type: 'start' }, this.#host.now)
    this.#drain()
  }

  /** Takes the registration back, and asks no more. */
  stop(): void {
    this.#registration?.handle({ type: 'stop' }, this.#host.now)
    this.#reachability?.handle({ type: 'stop' }, this.#host.now)
    this.#drain()
  }

  /** Whether the outcome was one of its own. */
  onOutcome(series: number, outcome: RequestOutcome): boolean {
    const probe = this.#probes.get(series)
    if (probe !== undefined) {
      this.#probes.delete(series)
      this.#reachability?.handle({ type: 'outcome', probe, outcome }, this.#host.now)
    } else if (series === this.#series) {
      this.#count(outcome)
      this.#registration?.handle({ type: 'outcome', outcome }, this.#host.now)
    } else return false
    this.#drain()
    return true
  }

  deadline(): Instant {
    return Math.min(this.#registration?.deadline() ?? NEVER, this.#reachability?.deadline() ?? NEVER)
  }

  expire(): void {
    const { now } = this.#host
    if ((this.#registration?.deadline() ?? NEVER) <= now) this.#registration?.expire(now)
    if ((this.#reachability?.deadline() ?? NEVER) <= now) this.#reachability?.expire(now)
    this.#drain()
  }

  #drain(): void {
    for (let output = this.#registration?.poll(); output !== undefined; output = this.#registration?.poll()) {
      if (output.type === 'register') this.#register(output.expiresS)
    }
    for (let output = this.#reachability?.poll(); output !== undefined; output = this.#reachability?.poll()) {
      if (output.type === 'probe') this.#ask(output.probe)
      else if (output.type === 'missed') this.#counters.add('keepAlivesMissed')
    }
    this.#tell()
  }

  /** A refresh that went well is no news. */
  #tell(): void {
    const news = newsOf(this.#registration?.state) + newsOf(this.#reachability?.state)
    if (news === this.#told) return
    this.#told = news
    this.#onChange(this.status)
  }

  #register(expiresS: number): void {
    const { uri, credentials, registration } = this.#trunk
    if (registration === undefined) return
    const address = `<${registration.addressOfRecord}>`
    this.#host.sip({
      type: 'requestOutside',
      series: this.#series,
      method: 'REGISTER',
      uri,
      to: address,
      from: address,
      contact: { user: registration.contactUser, params: `;expires=${expiresS}` },
      headers: [
        ['Expires', String(expiresS)],
        ['Supported', 'path'],
      ],
      ...(credentials && { credentials }),
      ...this.#route,
      isKept: expiresS > 0,
    })
  }

  #ask(probe: number): void {
    const series = this.#host.nextId()
    this.#probes.set(series, probe)
    const { uri } = this.#trunk
    this.#host.sip({ type: 'requestOutside', series, method: 'OPTIONS', uri, contact: {}, ...this.#route })
  }

  /** Everything goes the way that its calls go. */
  get #route(): { route?: readonly string[] } {
    const { outboundProxy } = this.#trunk
    return outboundProxy === undefined ? {} : { route: [outboundProxy] }
  }

  #count({ response }: RequestOutcome): void {
    if (response === undefined || response.status >= 300) this.#counters.add('registrationsFailed')
    else this.#counters.add('registrationsAccepted')
  }

  #registrationStatus({ state }: Registration): RegistrationStatus {
    switch (state.type) {
      case 'idle':
        return { state: 'trying' }
      case 'registered':
        return { state: 'registered', until: this.#wallTime(state.until) }
      case 'refused': {
        const { status, reason, retryAt } = state
        return { state: 'refused', status, reason, retryAt: this.#wallTime(retryAt) }
      }
      case 'trying': {
        const { type, retryAt, ...why } = state
        return { state: type, ...why, ...(retryAt !== undefined && { retryAt: this.#wallTime(retryAt) }) }
      }
      case 'stopped':
        return { state: 'stopped' }
    }
  }

  #reachabilityStatus({ state }: Reachability): ReachabilityStatus {
    const { type, ...rest } = state
    return {
      state: type,
      ...rest,
      ...('since' in state && { since: this.#wallTime(state.since) }),
    } as ReachabilityStatus
  }

  #wallTime(at: Instant): number {
    return Math.round(this.#host.wallTimeMs() + at - this.#host.now)
  }
}

function newsOf(state: { readonly type: string; readonly reason?: string } | undefined): string {
  return `${state?.type} ${state?.reason};`
}

import type { Instant } from '../../kit/index.ts'
import {
  type Binding,
  type EndpointEvent,
  type Peer,
  parseUri,
  Registrar,
  type RegistrarOptions,
  type UnboundReason,
  unescapeUri,
} from '../../sip/index.ts'
import { Cause } from '../enums.ts'
import type { CallHost } from '../host.ts'
import type { Destination, Route } from '../routing/router.ts'

/** Users who may register phones here. */
export interface LocalUsersOptions extends Omit<RegistrarOptions, 'hasUser'> {
  readonly names: readonly string[]
  /** What stands after the `@` of their addresses: our addresses and names, with `:port` where that is not SIP's own. */
  readonly hosts: readonly string[]
}

/** A phone that a user has registered. Instants are wall time, in milliseconds since 1970. */
export interface RegisteredPhone {
  readonly user: string
  /** The URI of its Contact. */
  readonly contact: string
  /** Where its registration came from: transport, address and port. */
  readonly source: string
  readonly userAgent?: string
  /** When its registration runs out unless it is refreshed. */
  readonly until: number
}

/** What became of a user's phone. */
export type PhoneChange =
  | { readonly phone: RegisteredPhone; readonly isRegistered: true }
  | { readonly phone: RegisteredPhone; readonly isRegistered: false; readonly reason: UnboundReason }

/**
 * The users of the exchange and their phones: takes REGISTER, and says where a call to a user goes. A call to a user rings
 * every phone that is registered, the preferred one first.
 */
export class LocalUsers {
  readonly registrar: Registrar
  readonly #host: Pick<CallHost, 'sip' | 'now' | 'wallTimeMs'>
  readonly #names: ReadonlySet<string>
  readonly #hosts: ReadonlySet<string>
  readonly #onChange: (change: PhoneChange) => void

  constructor(
    host: Pick<CallHost, 'sip' | 'now' | 'wallTimeMs'>,
    { names, hosts, ...options }: LocalUsersOptions,
    onChange: (change: PhoneChange) => void,
  ) {
    this.#host = host
    this.#names = new Set(names)
    this.#hosts = new Set(hosts.map((each) => each.toLowerCase()))
    this.#onChange = onChange
    this.registrar = new Registrar({ ...options, hasUser: (name) => this.#names.has(name) })
  }

  /** The phones that are registered. */
  get phones(): readonly RegisteredPhone[] {
    return this.registrar.bindings.map((binding) => this.#phoneOf(binding))
  }

  onRegister({ id, request, from, user }: Extract<EndpointEvent, { type: 'outside' }>): void {
    const register = { type: 'register', id, request, from, ...(user !== undefined && { user }) } as const
    this.registrar.handle(register, this.#host.now)
    this.#drain()
  }

  /** Something could not be sent there. */
  onSendFailed(peer: Peer): void {
    this.registrar.handle({ type: 'unreachable', peer }, this.#host.now)
    this.#drain()
  }

  /** Where a call to `user:NAME`, or to a user at one of our addresses, goes. `undefined`: it is meant for no user. */
  find(to: string): Destination | undefined {
    const name = this.#userIn(to)
    if (name === undefined) return undefined
    if (!this.#names.has(name))
      return /^user:/i.test(to)
        ? { routes: [], refusal: { cause: Cause.UNOBTAINABLE, text: `there is no user "${name}"` } }
        : undefined
    const [first, ...others] = this.registrar.bindingsOf(name).map(routeTo)
    if (first === undefined)
      return { routes: [], refusal: { cause: Cause.NOANSWER, text: `no phone of "${name}" is registered` } }
    return { routes: [others.length === 0 ? first : { ...first, alongside: others }] }
  }

  deadline(): Instant {
    return this.registrar.deadline()
  }

  expire(now: Instant): void {
    this.registrar.expire(now)
    this.#drain()
  }

  #userIn(to: string): string | undefined {
    if (/^user:/i.test(to)) return to.slice(to.indexOf(':') + 1)
    if (!/^sip:/i.test(to)) return undefined
    const uri = parseUri(to)
    if (!uri.ok || uri.value.scheme !== 'sip' || uri.value.user === undefined) return undefined
    const { user, host, port = 5060 } = uri.value
    const address = port === 5060 ? host : `${host}:${port}`
    return this.#hosts.has(address.toLowerCase()) ? unescapeUri(user) : undefined
  }

  #drain(): void {
    for (let output = this.registrar.poll(); output !== undefined; output = this.registrar.poll()) {
      if (output.type === 'respond') {
        const { id, status, phrase, headers } = output
        this.#host.sip({ type: 'respondOutside', id, status, headers, ...(phrase !== undefined && { phrase }) })
      } else if (output.type === 'bound') {
        this.#onChange({ phone: this.#phoneOf(output.binding), isRegistered: true })
      } else {
        this.#onChange({ phone: this.#phoneOf(output.binding), isRegistered: false, reason: output.reason })
      }
    }
  }

  #phoneOf({ user, contact, source, userAgent, expiresAt }: Binding): RegisteredPhone {
    const host = source.address.includes(':') ? `[${source.address}]` : source.address
    return {
      user,
      contact,
      source: `${source.transport} ${host}:${source.port}`,
      ...(userAgent !== undefined && { userAgent }),
      until: Math.round(this.#host.wallTimeMs() + expiresAt - this.#host.now),
    }
  }
}

function routeTo({ user, contact, via, isFlow, path }: Binding): Route {
  return { uri: contact, user, ...(via && { via }), ...(isFlow && { isFlow }), ...(path.length > 0 && { hops: path }) }
}

import { Counters, DeadlineQueue, Fifo, type Instant, type Machine } from '../../kit/index.ts'
import type { Peer } from '../endpoint/control.ts'
import { hasWord, parseUri, type SipRequest, uriEquals } from '../message/index.ts'
import { type Binding, byPreference, wayTo } from './binding.ts'
import { type RegisterRequest, readRegister, type WantedContact } from './register-request.ts'

export interface RegistrarOptions {
  /** Whether there is a user of that name. */
  readonly hasUser: (name: string) => boolean
  /** The shortest time that a binding may be asked for, in seconds; less is answered 423. Default 60. */
  readonly minExpiresS?: number
  /** The longest that a binding is given, in seconds, and what it gets that asks for no time. Default 3600. */
  readonly maxExpiresS?: number
  /**
   * The longest that a phone behind a NAT is given over UDP, in seconds: by refreshing it keeps its way through the NAT
   * open. Default 60.
   */
  readonly natExpiresS?: number
  /** The most bindings of one user; one more takes the place of the one that was refreshed the longest ago. Default 8. */
  readonly maxBindingsPerUser?: number
}

export type RegistrarInput =
  /** A REGISTER. `user` is who has proven to send it; without one it is refused. */
  | {
      readonly type: 'register'
      readonly id: number
      readonly request: SipRequest
      readonly from: Peer
      readonly user?: string
    }
  /**
   * Something could not be sent there. Who is called on a stream that has failed, and to whom no other could be made, is
   * there no more; over UDP that is said too easily to be believed.
   */
  | { readonly type: 'unreachable'; readonly peer: Peer }

export type RegistrarOutput =
  | {
      readonly type: 'respond'
      readonly id: number
      readonly status: number
      readonly phrase?: string
      readonly headers: readonly (readonly [name: string, value: string])[]
    }
  /** A user is to be found at one more place. A refresh is no news. */
  | { readonly type: 'bound'; readonly binding: Binding }
  /** A user is no longer to be found there. */
  | { readonly type: 'unbound'; readonly binding: Binding; readonly reason: UnboundReason }

/**
 * `removed` by the phone itself; `expired`; `replaced` by another of the same device, or of a user who has too many;
 * `unreachable` when its connection has failed.
 */
export type UnboundReason = 'removed' | 'expired' | 'replaced' | 'unreachable'

export type RegistrarCounter =
  /** A user was found at one more place. */
  | 'bindingsMade'
  /** A binding was refreshed. */
  | 'bindingsRefreshed'
  /** A binding was taken back by its phone. */
  | 'bindingsRemoved'
  /** A binding ran out. */
  | 'bindingsExpired'
  /** A binding gave way to one more of its user, or to a newer one of the same device. */
  | 'bindingsReplaced'
  /** A binding was given up because its connection failed. */
  | 'bindingsUnreachable'
  /** A REGISTER was refused with 400, 403, 423 or 500. */
  | 'registersRefused'

/**
 * Knows where users are (RFC 3261 section 10.3). A user is a name: whatever domain stands in To is taken for ours. Who
 * sends a REGISTER must have proven to be that user beforehand.
 *
 * A REGISTER is carried out as a whole or not at all.
 */
export class Registrar implements Machine<RegistrarInput, RegistrarOutput> {
  readonly counters = new Counters<RegistrarCounter>()
  readonly #hasUser: (name: string) => boolean
  readonly #minExpiresS: number
  readonly #maxExpiresS: number
  readonly #natExpiresS: number
  readonly #maxBindings: number
  readonly #users = new Map<string, Binding[]>()
  readonly #expiries = new DeadlineQueue<Binding>()
  readonly #outbox = new Fifo<RegistrarOutput>()

  constructor(options: RegistrarOptions) {
    const { hasUser, minExpiresS = 60, maxExpiresS = 3600, natExpiresS = 60, maxBindingsPerUser = 8 } = options
    this.#hasUser = hasUser
    this.#minExpiresS = minExpiresS
    this.#maxExpiresS = Math.max(maxExpiresS, minExpiresS)
    this.#natExpiresS = Math.min(natExpiresS, this.#maxExpiresS)
    this.#maxBindings = maxBindingsPerUser
  }

  /** How many bindings there are. */
  get size(): number {
    return this.#expiries.size
  }

  /** Where a user is to be found, the preferred place first. Empty for one who is nowhere. */
  bindingsOf(user: string): readonly Binding[] {
    return [...(this.#users.get(user) ?? [])].sort(byPreference)
  }

  /** Every binding there is. */
  get bindings(): readonly Binding[] {
    return [...this.#users.values()].flat()
  }

  handle(input: RegistrarInput, now: Instant): void {
    if (input.type === 'unreachable') {
      this.#giveUp(input.peer)
      return
    }
    const { id, request, from, user } = input
    const wanted = readRegister(request)
    if (!wanted.ok) this.#refuse(id, 400, wanted.error)
    else if (user === undefined || user !== wanted.value.user || !this.#hasUser(user)) this.#refuse(id, 403)
    else this.#register(id, request, from, wanted.value, now)
  }

  poll(): RegistrarOutput | undefined {
    return this.#outbox.shift()
  }

  deadline(): Instant {
    return this.#expiries.next()
  }

  expire(now: Instant): void {
    for (let due = this.#expiries.takeDue(now); due !== undefined; due = this.#expiries.takeDue(now)) {
      this.counters.add('bindingsExpired')
      this.#unbind(due, 'expired')
    }
  }

  #register(id: number, request: SipRequest, from: Peer, wanted: RegisterRequest, now: Instant): void {
    const { user, contacts, callId, cseq } = wanted
    if (contacts === '*') {
      const all = [...(this.#users.get(user) ?? [])]
      if (all.some((binding) => isOlder(wanted, binding))) this.#refuse(id, 500, 'Out of Order')
      else {
        for (const binding of all) this.#remove(binding)
        this.#accept(id, request, user, now)
      }
      return
    }
    if (contacts.length > this.#maxBindings) {
      this.#refuse(id, 400, 'Too Many Contacts')
      return
    }
    if (contacts.some(({ expiresS }) => expiresS !== undefined && expiresS > 0 && expiresS < this.#minExpiresS)) {
      this.#refuse(id, 423, undefined, [['Min-Expires', String(this.#minExpiresS)]])
      return
    }
    const known = contacts.map((contact) => this.#find(user, contact))
    if (known.some((binding) => binding !== undefined && isOlder({ callId, cseq }, binding))) {
      this.#refuse(id, 500, 'Out of Order')
      return
    }
    for (const contact of contacts) this.#change(contact, wanted, request, from, now)
    this.#accept(id, request, user, now)
  }

  /** Section 10.3, step 7. */
  #change(contact: WantedContact, wanted: RegisterRequest, request: SipRequest, from: Peer, now: Instant): void {
    const { user, path, callId, cseq } = wanted
    const old = this.#find(user, contact)
    if (contact.expiresS === 0) {
      if (old !== undefined) this.#remove(old)
      return
    }
    const way = wayTo(request, contact.uri, from, path)
    const isBehindUdpNat = way.isFlow && from.transport === 'udp'
    const mostS = isBehindUdpNat ? this.#natExpiresS : this.#maxExpiresS
    const userAgent = request.headers.get('user-agent')?.slice(0, 100)
    const binding: Binding = {
      user,
      contact: contact.uri,
      q: contact.q,
      expiresAt: now + 1000 * Math.min(contact.expiresS ?? mostS, mostS),
      refreshedAt: now,
      path,
      ...way,
      source: from,
      ...(userAgent !== undefined && { userAgent }),
      callId,
      cseq,
      ...(contact.instance !== undefined && { instance: contact.instance }),
    }
    this.#put(binding, old)
  }

  #put(binding: Binding, old: Binding | undefined): void {
    const bindings = this.#users.get(binding.user) ?? []
    this.#users.set(binding.user, bindings)
    this.#expiries.set(binding, binding.expiresAt)
    if (old !== undefined && isSameContact(old.contact, binding.contact)) {
      this.#expiries.delete(old)
      bindings[bindings.indexOf(old)] = binding
      this.counters.add('bindingsRefreshed')
      return
    }
    bindings.push(binding)
    this.counters.add('bindingsMade')
    this.#outbox.push({ type: 'bound', binding })
    const tooMany = bindings.length > this.#maxBindings
    const stale = old ?? (tooMany ? bindings.reduce((a, b) => (b.refreshedAt < a.refreshedAt ? b : a)) : undefined)
    if (stale === undefined) return
    this.counters.add('bindingsReplaced')
    this.#unbind(stale, 'replaced')
  }

  /** The binding that a Contact means: of the same URI, or of the same device. */
  #find(user: string, { uri, instance }: WantedContact): Binding | undefined {
    const bindings = this.#users.get(user)
    return (
      bindings?.find((binding) => isSameContact(binding.contact, uri)) ??
      (instance === undefined ? undefined : bindings?.find((binding) => binding.instance === instance))
    )
  }

  #remove(binding: Binding): void {
    this.counters.add('bindingsRemoved')
    this.#unbind(binding, 'removed')
  }

  #giveUp(peer: Peer): void {
    if (peer.transport === 'udp') return
    for (const binding of this.bindings) {
      const { via } = binding
      if (via?.connection === undefined || via.transport !== peer.transport) continue
      const isSamePlace = via.address === peer.address && via.port === peer.port
      if (via.connection !== peer.connection && !isSamePlace) continue
      this.counters.add('bindingsUnreachable')
      this.#unbind(binding, 'unreachable')
    }
  }

  #unbind(binding: Binding, reason: UnboundReason): void {
    this.#expiries.delete(binding)
    const left = (this.#users.get(binding.user) ?? []).filter((other) => other !== binding)
    if (left.length === 0) this.#users.delete(binding.user)
    else this.#users.set(binding.user, left)
    this.#outbox.push({ type: 'unbound', binding, reason })
  }

  #accept(id: number, request: SipRequest, user: string, now: Instant): void {
    const contacts = this.bindingsOf(user).map(({ contact, q, expiresAt }): [string, string] => [
      'Contact',
      `<${contact}>;expires=${Math.ceil((expiresAt - now) / 1000)}${q === 1 ? '' : `;q=${q}`}`,
    ])
    // RFC 3327 section 5.3.
    const path = hasWord(request.headers, 'supported', 'path') ? request.headers.all('path') : []
    const headers = [...contacts, ...path.map((hop): [string, string] => ['Path', hop])]
    this.#outbox.push({ type: 'respond', id, status: 200, headers })
  }

  #refuse(
    id: number,
    status: number,
    phrase?: string,
    headers: readonly (readonly [name: string, value: string])[] = [],
  ): void {
    this.counters.add('registersRefused')
    this.#outbox.push({ type: 'respond', id, status, headers, ...(phrase !== undefined && { phrase }) })
  }
}

/** A REGISTER that was sent before the one that made the binding, and overtaken (section 10.3, step 7). */
function isOlder({ callId, cseq }: { callId: string; cseq: number }, binding: Binding): boolean {
  return callId === binding.callId && cseq <= binding.cseq
}

function isSameContact(a: string, b: string): boolean {
  if (a === b) return true
  const [one, other] = [parseUri(a), parseUri(b)]
  return one.ok && other.ok && uriEquals(one.value, other.value)
}

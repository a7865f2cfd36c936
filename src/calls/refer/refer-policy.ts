import { UsageError } from '../../kit/index.ts'
import { type Peer, parseUri, type SipUri, unescapeUri } from '../../sip/index.ts'
import type { Leg } from '../leg.ts'
import { isMeant, numberOf } from '../routing/caller-id.ts'
import type { NumberPlan } from '../routing/number-plan.ts'
import { isHostAllowed, redirectPolicy } from '../routing/redirects.ts'
import type { Trunk } from '../routing/trunk.ts'
import type { ServiceDirectory } from '../service.ts'

/**
 * What the exchange does by itself about far ends that transfer calls (REFER) or put themselves in the place of one (INVITE
 * with Replaces). Whoever may do that makes us call others, at our cost; so what is not allowed here is refused, unless an
 * application has decided.
 */
export interface TransferPolicy {
  /**
   * Who may: `known`, users who have given their password or whose registered phone was called, and trusted trunks; `nobody`;
   * or `everybody`. Default `known`.
   */
  readonly from?: 'nobody' | 'known' | 'everybody'
  /**
   * Hosts that may be called so, beside our own users and services: `pbx.example.net`, `*.example.net`, or `*` for any.
   * Default none.
   */
  readonly hosts?: readonly string[]
  /**
   * Telephone numbers that may be called so, normalised: `+441632960001`, or `+44*` for all that begin so. They take the
   * routes of numbers. Default none.
   */
  readonly numbers?: readonly string[]
}

/** Somebody who asks for calls. */
export interface Asker {
  /** The user of ours that it is. */
  readonly user?: string | undefined
  /** The trunk that it comes by. */
  readonly trunk?: Trunk | undefined
}

/** Whether it is a user of ours, or comes by a trusted trunk. */
export function isKnown({ user, trunk }: Asker): boolean {
  return user !== undefined || trunk?.isTrusted === true
}

/** What is known here of users, services and numbers. */
export interface OurPlaces {
  /** Whether this host, with its port where that is not SIP's own, is we for a far end at `from`. */
  isOurs(host: string, from: Peer): boolean
  hasUser(name: string): boolean
  readonly services: ServiceDirectory
  readonly numbering: NumberPlan | undefined
}

/** Where a REFER leads: what is dialled for its URI; or that there is nobody, or that it is not allowed. */
export type ReferTarget = { readonly dial: string } | 'unknown' | 'forbidden'

/** A {@link TransferPolicy} in force. */
export class ReferPolicy {
  readonly #from: 'nobody' | 'known' | 'everybody'
  readonly #masks: { readonly hosts: readonly string[]; readonly numbers: readonly string[] }
  readonly #places: OurPlaces

  /** @throws UsageError for a `from` that there is not, or a mask that is none */
  constructor({ from = 'known', hosts = [], numbers = [] }: TransferPolicy, places: OurPlaces) {
    if (from !== 'nobody' && from !== 'known' && from !== 'everybody')
      throw new UsageError(`transfers.from must be 'nobody', 'known' or 'everybody', not ${JSON.stringify(from)}`)
    this.#from = from
    this.#masks = redirectPolicy({ hosts, numbers })
    this.#places = places
  }

  /** Whether whoever asks for it, such as the far end of a call, may transfer one. */
  mayTransfer(asker: Asker): boolean {
    return this.#from === 'everybody' || (this.#from === 'known' && isKnown(asker))
  }

  /** Where the far end of `leg` may have a call transferred to that names this URI. */
  targetOf(text: string, leg: Leg, from: Peer): ReferTarget {
    const uri = parseUri(text)
    if (!uri.ok) return 'unknown'
    if (uri.value.scheme === 'tel') return this.#toNumber(text)
    const { host, port, user = '' } = uri.value
    if (this.#places.isOurs(port === undefined || port === 5060 ? host : `${host}:${port}`, from))
      return this.#toUs(unescapeUri(user), text, leg)
    return isHostAllowed(uri.value as SipUri, '', { ...this.#masks, follow: 0 }) ? { dial: text } : 'forbidden'
  }

  #toUs(user: string, text: string, leg: Leg): ReferTarget {
    if (this.#places.hasUser(user)) return { dial: `user:${user}` }
    const service = this.#places.services.find({
      user,
      host: '',
      from: leg.details.from,
      ...(leg.user !== undefined && { authenticatedUser: leg.user }),
    })
    if (service !== undefined) return { dial: `service:${service.name}` }
    return numberOf(text, this.#places.numbering) === undefined ? 'unknown' : this.#toNumber(text)
  }

  #toNumber(text: string): ReferTarget {
    const number = numberOf(text, this.#places.numbering)?.number
    if (number === undefined) return 'unknown'
    return this.#masks.numbers.some((mask) => isMeant(mask, number)) ? { dial: number } : 'forbidden'
  }
}

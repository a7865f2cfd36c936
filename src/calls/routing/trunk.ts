import type { Credentials, SrtpPolicy } from '../../sip/index.ts'
import type { DiversionHeader } from '../diversion.ts'
import type { TrunkKeepAlive, TrunkRegistration } from '../upkeep/index.ts'
import type { CallerIdPolicy } from './caller-id.ts'
import type { NumberFormat } from './number-plan.ts'

/** A way to and from telephone numbers, as configured. */
export interface Trunk {
  readonly name: string
  /** `sip:` URI of the far end; numbers become its user part. */
  readonly uri: string
  /** The Route of its calls, instead of that of the endpoint. */
  readonly outboundProxy?: string
  readonly credentials?: Credentials
  /** The caller of calls whose application names none, or one that may not be shown. */
  readonly from?: string
  /** How numbers are written for it. Default `e164`. */
  readonly numberFormat?: NumberFormat
  /** Whom calls through it may come from, and how they say so. Default: whatever the application says. */
  readonly callerId?: CallerIdPolicy
  /** How it is told that a call was diverted to it. Default `diversion`. */
  readonly diversion?: DiversionHeader
  /**
   * It belongs to our trust domain (RFC 3325 section 2.3): it is told who really calls, and believed when it says who does.
   * Default false.
   */
  readonly isTrusted?: boolean
  /**
   * How long it may say nothing at all before the next trunk is tried, in ms; without a next one SIP's own 32 s count.
   * Default 5000.
   */
  readonly firstResponseMs?: number
  /** SRTP of calls through it, in both directions. Default: that of the exchange. */
  readonly srtp?: SrtpPolicy
  /** Registers with it, so that it sends calls here. Default: not. */
  readonly registration?: TrunkRegistration
  /** Asks with OPTIONS whether it is there. Default: not. */
  readonly keepAlive?: TrunkKeepAlive
  /**
   * How calls that come from it are known. Default: a trunk that registers by the address of the server that took its
   * registration, any other not at all.
   */
  readonly inbound?: {
    /** IP addresses that its requests come from. */
    readonly addresses?: readonly string[]
    /** The name that it authenticates with. */
    readonly username?: string
  }
}

/** Who knows whether a trunk can be reached: calls pass over one that cannot. */
export interface TrunkHealth {
  isUp(trunk: string): boolean
  /** The hops that calls through it take first: the Service-Route of its registration (RFC 3608). Default: none. */
  serviceRouteOf?(trunk: string): readonly string[]
}

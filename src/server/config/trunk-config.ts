import type { TlsConfig } from './config.ts'
import type { CallerIdConfig, DiversionConfig, NumberFormatConfig } from './number-config.ts'

/** A way to and from telephone numbers: a carrier, or another exchange. */
export interface TrunkConfig {
  /** Letters, digits and `. _ -`; unique. */
  readonly name: string
  /**
   * The far end: a `sip:` or `sips:` URI without a user, such as `sip:sip.example.net:5060;transport=tcp`. A `sips:` URI or
   * `transport=tls` is TLS; with `sips:` every proxy after the first is asked for it too.
   */
  readonly uri: string
  /** Whom we believe there, instead of what `sip.tls` says: for the host of `uri`, or of `outboundProxy`. */
  readonly tls?: TlsConfig
  /** Where its calls, registrations and OPTIONS go first. Default: `sip.outboundProxy`. */
  readonly outboundProxy?: string
  /** Credentials that we give when the far end asks for them; both or none. */
  readonly username?: string
  readonly password?: string
  /** The From of calls through this trunk that name no caller, or none that `callerId` allows. Default: `sip.identity`. */
  readonly from?: string
  /** How the numbers that are called are written for it. Default `'e164'`. */
  readonly numberFormat?: NumberFormatConfig
  /** Whom calls through this trunk may come from. Default: whomever the application names. */
  readonly callerId?: CallerIdConfig
  /** How it is told that a call was diverted to it. Default `'diversion'`. */
  readonly diversion?: DiversionConfig
  /**
   * It belongs to our trust domain (RFC 3325): it is told who really calls, also when the caller hides, and believed when
   * it says so. Default false.
   */
  readonly trusted?: boolean
  /**
   * How long it may say nothing at all to a call before the next trunk of the route is tried, 500 to 32,000 ms. Default
   * 5,000.
   */
  readonly firstResponseMs?: number
  /**
   * SRTP of calls through this trunk in both directions; those that come need `inbound` to be known as its own. A call
   * that cannot be had this way is refused with 488. Default: `media.srtp`.
   */
  readonly srtp?: 'forbidden' | 'accepted' | 'offered' | 'required'
  /**
   * Registers with the far end, so that it sends calls here (RFC 3261 section 10): with `username` and `password`. `true`
   * for `{}`. Default false.
   */
  readonly register?: boolean | TrunkRegisterConfig
  /**
   * Asks the far end with OPTIONS whether it is there; calls then pass over the trunk while it is not. `true` for `{}`.
   * Default false.
   */
  readonly keepAlive?: boolean | TrunkKeepAliveConfig
  /**
   * How calls from this trunk are known. Default: those of a trunk that registers by the address of the server that took its
   * registration; those of any other not at all, they are strangers.
   */
  readonly inbound?: {
    /** IP addresses whose calls need no password. */
    readonly addresses?: readonly string[]
    /** Digest credentials that the trunk gives when we ask; both or none. */
    readonly username?: string
    readonly password?: string
  }
}

/** How a trunk is registered. */
export interface TrunkRegisterConfig {
  /** What is registered: a `sip:` URI. Default `sip:`, the username, `@` and the host of the trunk. It is also the `from` of a trunk that has none. */
  readonly addressOfRecord?: string
  /** The user that calls from the trunk are dialled to, for services to match. Default: the username. */
  readonly contactUser?: string
  /** How long each registration is asked for, 60 to 86,400 s; the trunk may want longer or grant less. Default 600. */
  readonly expiresS?: number
}

/** How a trunk is asked whether it is there. */
export interface TrunkKeepAliveConfig {
  /** From one OPTIONS to the next, 1,000 to 3,600,000 ms. Default 30,000. */
  readonly intervalMs?: number
  /** How long an answer may take, 100 to 32,000 ms, less than the interval. Default 4,000. */
  readonly timeoutMs?: number
  /** After how many in a row without an answer the trunk is down, 1 to 100. Default 2. */
  readonly misses?: number
}

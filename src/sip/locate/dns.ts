/**
 * DNS as the locator of servers sees it: questions go out, answers come in, and whoever drives it asks a real resolver
 * or a simulated one. Names are without the dot at the end.
 */

/** `ADDRESS` asks for A and AAAA records in one: those that we have sockets for, the preferred family first. */
export interface DnsQuestion {
  readonly type: 'NAPTR' | 'SRV' | 'ADDRESS'
  readonly name: string
}

/** RFC 3403 section 4.1, of which RFC 3263 needs these. */
export interface NaptrRecord {
  readonly order: number
  readonly preference: number
  /** `s`: the replacement is the name of SRV records. */
  readonly flags: string
  /** `SIP+D2U`, `SIP+D2T` or `SIPS+D2T`; others are for other protocols. */
  readonly service: string
  readonly replacement: string
}

/** RFC 2782. */
export interface SrvRecord {
  /** The lowest is tried first. */
  readonly priority: number
  /** The share of this one among those of its priority. */
  readonly weight: number
  readonly port: number
  /** A host name; `.` or nothing: the service is not offered here. */
  readonly target: string
}

export type DnsAnswer =
  | {
      readonly question: DnsQuestion & { readonly type: 'NAPTR' }
      readonly records: readonly NaptrRecord[]
      readonly ttlMs: number
    }
  | {
      readonly question: DnsQuestion & { readonly type: 'SRV' }
      readonly records: readonly SrvRecord[]
      readonly ttlMs: number
    }
  /** Numeric addresses, IPv6 without brackets. */
  | {
      readonly question: DnsQuestion & { readonly type: 'ADDRESS' }
      readonly records: readonly string[]
      readonly ttlMs: number
    }
  /** Nobody could say: no server, no answer, an answer that makes no sense. That there is no record is no failure. */
  | { readonly question: DnsQuestion; readonly failure: string }

/** How telephone numbers are dialled where the exchange stands (ITU-T E.164): docs/guides/numbers-and-routes.md. */
export interface NumberingConfig {
  /** The country code without `+`: `'44'`. */
  readonly countryCode: string
  /** What is dialled before a national number. Default `'0'`; `''` where there is no such prefix. */
  readonly nationalPrefix?: string
  /** What is dialled before a country code. Default `'00'`. */
  readonly internationalPrefix?: string
  /** Lengths of national numbers that are dialled without a prefix, such as [10] in the United States. Default none. */
  readonly nationalLengths?: readonly number[]
  /** Lengths of what stays as it is dialled, whatever it begins with: extensions. Default none. */
  readonly extensionLengths?: readonly number[]
}

/** Where numbers go. Of all routes whose prefix a number begins with, the one with the longest prefix counts. */
export interface RouteConfig {
  /**
   * The beginning of the numbers, as `numbering` normalises them: `'+44'`, `'+'`, or an extension's `'2'`; `''` for
   * every number. Without `numbering`, as they are dialled.
   */
  readonly prefix: string
  /** The trunks that take them: tried in this order unless they say otherwise. Either this, or `service`, or `barred`. */
  readonly trunks?: readonly (string | RouteTrunkConfig)[]
  /** The service that takes them, by its name: the call stays inside of the exchange. */
  readonly service?: string
  /** Calls to these numbers end at once with cause BARRED. */
  readonly barred?: true
}

/** One trunk of a route. */
export interface RouteTrunkConfig {
  /** One of `trunks`. */
  readonly name: string
  /** The lowest is tried first, 0 to 65,535; trunks of one priority share the calls. Default: the place in the list, from 1. */
  readonly priority?: number
  /** The share of the calls among trunks of one priority, 0 to 65,535; 0: when the others fail. Default 1. */
  readonly weight?: number
}

/** How a number is written: `+441632960001`, `441632960001`, or as it is dialled nationally, `01632960001`. */
export type NumberFormatConfig = 'e164' | 'digits' | 'national'

/** How a trunk is told that a call was diverted: Diversion (RFC 5806), History-Info (RFC 7044), both, or not. */
export type DiversionConfig = 'diversion' | 'history-info' | 'both' | 'none'

/** Whom the calls through a trunk may come from, and how they say so. */
export interface CallerIdConfig {
  /**
   * The numbers that may be shown, in full with `+`, or `'+4416329600*'` for all that begin so. Whatever else an
   * application asks for is replaced by the trunk's `from`. Default: every caller.
   */
  readonly allowed?: readonly string[]
  /** How the number is written. Default `'e164'`. */
  readonly format?: NumberFormatConfig
  /**
   * Where the number stands beside From: `'asserted'` in P-Asserted-Identity, for a trunk that is `trusted`;
   * `'preferred'` in P-Preferred-Identity, for one that checks it (RFC 3325). Default `'none'`.
   */
  readonly identity?: 'none' | 'asserted' | 'preferred'
}

/** How a trunk is registered: what it asks the far end for. */
export interface TrunkRegistration {
  /** The address of record: a `sip:` URI, that calls to us are for. */
  readonly addressOfRecord: string
  /** The user part of our Contact, which is what calls from the trunk are dialled to. */
  readonly contactUser: string
  /** How long each registration is asked for, in seconds, 1 to 604800. Default 600. */
  readonly expiresS?: number
}

/** How a trunk is asked with OPTIONS whether it is there. */
export interface TrunkKeepAlive {
  /** From one question to the next, in ms. Default 30,000. */
  readonly intervalMs?: number
  /** How long an answer may take, in ms. Default 4,000. */
  readonly timeoutMs?: number
  /** After how many questions in a row without an answer it counts as down. Default 2. */
  readonly misses?: number
}

/** What is known of a trunk. Instants are wall time, in milliseconds since 1970. */
export interface TrunkStatus {
  readonly name: string
  /**
   * Whether calls can be expected to get through: it answers its OPTIONS, and it is registered, as far as it does either.
   * Before the first answer it counts as up.
   */
  readonly isUp: boolean
  /** Absent on a trunk that does not register. */
  readonly registration?: RegistrationStatus
  /** Absent on a trunk that is not asked with OPTIONS. */
  readonly reachability?: ReachabilityStatus
}

/** Where the registration of a trunk stands. */
export type RegistrationStatus =
  /** `reason` is why the last try failed, `status` the SIP status where there was one; the next one is at `retryAt`. */
  | { readonly state: 'trying'; readonly status?: number; readonly reason?: string; readonly retryAt?: number }
  | { readonly state: 'registered'; readonly until: number }
  /** The far end wants something changed, most often the password. */
  | { readonly state: 'refused'; readonly status: number; readonly reason: string; readonly retryAt: number }
  /** Taken back at shut-down. */
  | { readonly state: 'stopped' }

/** Whether a trunk answers OPTIONS. */
export type ReachabilityStatus =
  | { readonly state: 'unknown' }
  /** `roundTripMs` is how long its latest answer took. */
  | { readonly state: 'up'; readonly since: number; readonly roundTripMs: number }
  | { readonly state: 'down'; readonly since: number; readonly reason: string }

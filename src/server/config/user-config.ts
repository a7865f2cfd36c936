/** The phones that users register; they are called as `user:NAME`, or by name at one of our addresses. */
export interface RegistrarConfig {
  /** Host names that mean this exchange, beside its addresses: `sip:NAME@` and one of them is a user. Default none. */
  readonly domains?: readonly string[]
  /** The shortest registration that a phone may ask for, 10 to 86,400 s. Default 60. */
  readonly minExpiresS?: number
  /** The longest registration that a phone is given, 10 to 86,400 s. Default 3600. */
  readonly maxExpiresS?: number
  /**
   * The longest that a phone behind a NAT is given over UDP, 10 to 86,400 s: by refreshing it keeps its way through the NAT
   * open. Default 60.
   */
  readonly natExpiresS?: number
  /** The most phones of one user, 1 to 50: one more takes the place of the one that was heard of the longest ago. Default 8. */
  readonly maxPhonesPerUser?: number
}

/** Somebody who may call and register phones with a password. */
export interface UserConfig {
  readonly username: string
  /** What the user's phones show. May be left out when there is `trust`: who comes from elsewhere is nobody then. */
  readonly password?: string
  /**
   * IP addresses, and ranges of them such as `192.0.2.16/28`, from which whoever says to be this user is believed without
   * a password: for devices that know none. A range holds at most a /8. Over UDP the address of a sender can be forged:
   * name only networks of yours that let no such packets in. Default: none.
   */
  readonly trust?: readonly string[]
}

/** Who must show a password, and how (digest, RFC 3261 section 22). */
export interface AuthenticationConfig {
  /** The digest realm. Default `ringdown`. Changing it changes nothing but what phones display and hash. */
  readonly realm?: string
  /**
   * Which hashes are offered, the preferred first. Default `['SHA-256', 'MD5']`. Old phones take the first offer, or none
   * of several: `['MD5']` is for them.
   */
  readonly algorithms?: readonly ('MD5' | 'SHA-256' | 'SHA-512-256')[]
  /**
   * What a call gets that comes neither from the address of a trunk nor from a known user: `'challenge'` asks for
   * digest credentials, `'allow'` lets everybody in. Default: `'challenge'` when users or trunks are configured. When
   * there are none, everybody who reaches a loopback address is let in, and any other address is refused at start-up
   * until this is said.
   */
  readonly strangers?: 'challenge' | 'allow'
  /** Whoever tries too many passwords is refused with 403 for a while, also with the right one. `false`: never. Default {}. */
  readonly lockOut?: false | LockOutConfig
}

/** How many wrong passwords are too many. */
export interface LockOutConfig {
  /** For one user name from one address, 1 to 10,000: then that name is locked out there. Default 10. */
  readonly failures?: number
  /** From one address, whatever the names, 1 to 100,000: then the address is locked out. Default 50. */
  readonly addressFailures?: number
  /** Within how long of the first they count together, 10 to 86,400 s. Default 300. */
  readonly withinS?: number
  /** How long it lasts, 10 to 86,400 s. Default 600. */
  readonly forS?: number
  /**
   * IP addresses, and ranges of them, that are shared by many and never locked out as a whole: of proxies, and of NATs with
   * many phones behind. Default: none.
   */
  readonly except?: readonly string[]
}

/** Why the sound of two connected calls comes through us. */
export type MediaObstacle =
  /** Somebody here plays, records or listens. */
  | 'inUse'
  /** One of them holds the other. */
  | 'onHold'
  /** One of them is an application or a conference room of ours. */
  | 'inside'
  /** One of them has no sound. */
  | 'noSound'
  /** The sound of one is encrypted (SRTP): its keys are not handed on to the other. */
  | 'encrypted'
  /** They have different codecs. */
  | 'codec'
  /** They have one codec, under different payload types. */
  | 'payloadType'
  /** One sends keys in another way than the other, or under another payload type. */
  | 'keys'
  /** They want Opus in different forms. */
  | 'opus'
  /** One has IPv4, the other IPv6. */
  | 'addressFamily'
  /** As far as can be told here they are in different networks. */
  | 'network'
  /** One of them is behind a NAT. */
  | 'nat'
  /** One of them still takes its sound somewhere else, from a connection that it was in before. */
  | 'returning'
  /** One of them has refused the re-INVITE, or never comes to rest: it is not asked again. */
  | 'refused'
  /** The two are not connected any more. */
  | 'over'

/** Which way the sound of two connected calls goes. */
export type MediaNews =
  /** The far ends send their sound to each other: keys and speech are not heard here. */
  | { readonly type: 'mediaReleased' }
  /** Their sound comes through us again, or is about to. */
  | { readonly type: 'mediaReturned'; readonly reason: MediaObstacle }
  /**
   * Their sound was to go past us (`mediaRelease`), and cannot. Said once for each reason, and not for those that pass by
   * themselves: `inUse`, `onHold`, `noSound`, `returning`.
   */
  | { readonly type: 'mediaStays'; readonly reason: MediaObstacle }

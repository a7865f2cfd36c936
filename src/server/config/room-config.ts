import type { MediaToPlay } from '../../calls/index.ts'

/** How many conference rooms there may be, and how large. */
export interface RoomsConfig {
  /** Rooms at a time, 1 to 100,000. One more is refused with BUSY. Default 10,000. */
  readonly mostRooms?: number
  /** Parties in one room, 2 to 100,000. One more is refused with BUSY. Default 1,000. */
  readonly mostParties?: number
  /** In a room with more parties than this nobody's coming and going is announced. Default: always announced. */
  readonly quietAfterParties?: number
  /** Whether a party whom a moderator has muted can unmute itself with its digit. Default false. */
  readonly partiesMayUnmute?: boolean
  /** How many who talk at once are heard, the loudest of them, 1 to 100. Default 8. */
  readonly mostTalkers?: number
  /** Whether a room where nobody talks has a soft noise, -68 dBm0, so that the line does not seem cut off. Default true. */
  readonly comfortNoise?: boolean
  /** Whether who talks softly or loudly is brought up to 9 dB nearer to the others. Default true. */
  readonly automaticLevel?: boolean
}

/** A conference room that a number leads into, and how its callers come. */
export interface ServiceRoomConfig {
  /** 1 to 48 letters, digits and `- _ .`. */
  readonly name: string
  /** 1 to 16 digits that callers have to press. Default: none are asked for. */
  readonly pin?: string
  /** What asks for the PIN, and what says that it was wrong: a file or a text. Default: a beep. */
  readonly askForPin?: MediaToPlay
  readonly wrongPin?: MediaToPlay
  /** Callers may talk; otherwise they only listen. Default true. */
  readonly talkers?: boolean
  /** See `ConferenceLifetimeControl`. Default true and false. */
  readonly startOnEntry?: boolean
  readonly destroyOnExit?: boolean
  /** See `ConferencePartyMediaSettings`. */
  readonly beepOnEntry?: boolean
  readonly startMuted?: boolean
  readonly ringbackTone?: string
  readonly onConferenceStoppedFile?: string
  /** One digit each of `1234567890*#`; `unmute` is `mute` unless it is given. */
  readonly exitDigit?: string
  readonly muteDigit?: string
  readonly unmuteDigit?: string
  readonly onEntry?: MediaToPlay
  readonly onExit?: MediaToPlay
}

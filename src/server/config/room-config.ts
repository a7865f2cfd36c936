import type { MediaToPlay, NamedRoomPolicy, RoomPolicyOptions } from '../../calls/index.ts'

/** How many conference rooms there may be, and what they are like. */
export interface RoomsConfig extends RoomPolicyOptions {
  /** Rooms at a time, 1 to 100,000. One more is refused with BUSY. Default 10,000. */
  readonly mostRooms?: number
  /** Rooms that differ from that in what their policy says: the first whose `match` fits the name of a room counts. Default: none. */
  readonly policies?: readonly NamedRoomPolicy[]
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
  readonly twoPartyOptimisation?: boolean
  readonly ringbackTone?: string
  readonly onConferenceStoppedFile?: string
  /** One digit each of `1234567890*#`; `unmute` is `mute` unless it is given. */
  readonly exitDigit?: string
  readonly muteDigit?: string
  readonly unmuteDigit?: string
  /** What the room hears of each caller: prefix and entry media, exit media and prefix. */
  readonly prefix?: MediaToPlay
  readonly onEntry?: MediaToPlay
  readonly onExit?: MediaToPlay
  /** What a caller alone hears when he is muted, and when he may be heard again. */
  readonly onMuted?: MediaToPlay
  readonly onUnmuted?: MediaToPlay
}

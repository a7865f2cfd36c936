import { UsageError } from '../../kit/index.ts'
import { matches } from '../routing/match.ts'
import type { RoomPolicy } from './room-state.ts'

/** What a room may be like: how large, how quiet, and how it is mixed. */
export interface RoomPolicyOptions {
  /** Parties in it, 2 to 100,000. One more is refused with BUSY. Default 1,000. */
  readonly mostParties?: number
  /** With more parties than this nobody's coming and going is announced, 0 to 100,000. Default: always announced. */
  readonly quietAfterParties?: number
  /** Whether a party whom a moderator has muted can unmute itself with its digit. Default false. */
  readonly partiesMayUnmute?: boolean
  /** How many who talk at once are heard, the loudest of them, 1 to 100. Default 8. */
  readonly mostTalkers?: number
  /** Whether there is a soft noise, -68 dBm0, while nobody talks, so that the line does not seem cut off. Default true. */
  readonly comfortNoise?: boolean
  /** Whether who talks softly or loudly is brought up to 9 dB nearer to the others. Default true. */
  readonly automaticLevel?: boolean
}

/** What rooms of some names are like where they differ from all others. */
export interface NamedRoomPolicy extends RoomPolicyOptions {
  /** The name of a room, a beginning of names such as `'team-*'`, a regular expression (anchor it), or several of these. */
  readonly match: string | RegExp | readonly (string | RegExp)[]
}

/** The least and the most of what is counted. */
export const ROOM_POLICY_RANGES = {
  mostParties: [2, 100_000],
  quietAfterParties: [0, 100_000],
  mostTalkers: [1, 100],
} as const

const DEFAULTS: Required<RoomPolicyOptions> = {
  mostParties: 1000,
  quietAfterParties: Number.POSITIVE_INFINITY,
  partiesMayUnmute: false,
  mostTalkers: 8,
  comfortNoise: true,
  automaticLevel: true,
}

/** What each room is like: as its reservation says, or else its name, or else the exchange. */
export class RoomPolicies {
  readonly #all: RoomPolicyOptions
  readonly #named: readonly NamedRoomPolicy[]

  /** @param named in this order: the first that matches the name of a room counts */
  constructor(all: RoomPolicyOptions, named: readonly NamedRoomPolicy[] = []) {
    this.#all = all
    this.#named = named
  }

  of(name: string, reserved: RoomPolicyOptions = {}): RoomPolicy {
    const isMeant = ({ match }: NamedRoomPolicy) => [match].flat().some((each) => matches(each, name))
    const named: RoomPolicyOptions = this.#named.find(isMeant) ?? {}
    const said = <Key extends keyof RoomPolicyOptions>(key: Key): NonNullable<RoomPolicyOptions[Key]> =>
      reserved[key] ?? named[key] ?? this.#all[key] ?? DEFAULTS[key]
    return {
      mostParties: said('mostParties'),
      quietAfterParties: said('quietAfterParties'),
      partiesMayUnmute: said('partiesMayUnmute'),
      sound: {
        mostTalkers: said('mostTalkers'),
        comfortNoise: said('comfortNoise'),
        automaticLevel: said('automaticLevel'),
      },
    }
  }
}

/** @throws UsageError for what no room can be like */
export function checkRoomPolicy(what: string, policy: RoomPolicyOptions): void {
  for (const [key, value] of Object.entries(policy)) {
    if (!Object.hasOwn(DEFAULTS, key))
      throw new UsageError(`${what} has no ${key}: there are ${Object.keys(DEFAULTS).join(', ')}`)
    const range = Object.hasOwn(ROOM_POLICY_RANGES, key)
      ? ROOM_POLICY_RANGES[key as keyof typeof ROOM_POLICY_RANGES]
      : undefined
    if (value === undefined) continue
    if (range === undefined && typeof value !== 'boolean')
      throw new UsageError(`${what}.${key} must be true or false, not ${JSON.stringify(value)}`)
    if (range !== undefined && !(Number.isInteger(value) && value >= range[0] && value <= range[1]))
      throw new UsageError(`${what}.${key} must be a whole number from ${range.join(' to ')}, not ${value}`)
  }
}

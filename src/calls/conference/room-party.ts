import type { LegId, RoomId } from '../../media/index.ts'
import type { CallHost } from '../host.ts'
import type { Leg } from '../leg.ts'
import type { FileToPlay, TextToSay } from '../playable-media.ts'
import { PartySound } from './party-sound.ts'
import type { Guest } from './room.ts'
import type { PartyEffects } from './room-effects.ts'
import type { PartyId } from './room-state.ts'

/** The media of one party: made to be what the state of its room says, by what differs from before. */
export class RoomParty {
  readonly guest: Guest
  /** Wall time, in milliseconds since 1970. */
  readonly enteredAt: number
  readonly #room: RoomId
  readonly #sound: PartySound
  readonly #onMixed: () => void
  readonly #onFailed: () => void
  /** Which mean something in the room, and are nobody else's to hear. */
  readonly #keys: string
  #now: PartyEffects | undefined

  /**
   * @param onMixed the media engine has let it in, and so has the room
   * @param onFailed the media engine did not let it in
   */
  constructor(host: CallHost, room: RoomId, guest: Guest, onMixed: () => void, onFailed: () => void) {
    this.guest = guest
    this.enteredAt = host.wallTimeMs()
    this.#room = room
    this.#sound = new PartySound(host, guest.leg.media, guest.settings)
    const { exitDigit = '', muteDigit = '', unmuteDigit = '' } = guest.settings.rules
    this.#keys = exitDigit + muteDigit + unmuteDigit
    this.#onMixed = onMixed
    this.#onFailed = onFailed
  }

  get leg(): Leg {
    return this.guest.leg
  }

  /** The URI of who calls, or of whom we called. */
  get who(): string {
    const { direction, from, to } = this.leg.details
    return direction === 'inbound' ? from : to
  }

  /** @param legOf of a party of the room */
  follow(effects: PartyEffects, legOf: (party: PartyId) => LegId | undefined): void {
    const { hears, talks, audience, volumeDb, direct, sound } = effects
    if (this.#now !== undefined && isSame(effects, this.#now)) return
    this.#now = effects
    this.#sound.wait(hears === 'waiting')
    const { automaticLevel, ...mixing } = sound ?? {}
    this.leg.media.mix(
      {
        room: this.#room,
        talk: talks,
        listen: hears === 'room',
        privateKeys: this.#keys,
        volumeDb,
        ...(direct === true && { direct }),
        ...(automaticLevel !== undefined && { automaticLevel, mixing }),
        ...(audience !== undefined && { audience: audience.flatMap((party) => legOf(party) ?? []) }),
      },
      { onMixed: () => this.#mixed(), onFailed: () => this.#onFailed() },
    )
  }

  #mixed(): void {
    this.guest.onIn()
    this.#onMixed()
  }

  /** Lets only this party hear something, instead of the room. */
  tell(media: FileToPlay | TextToSay, onHeard: (isWhole: boolean) => void = () => {}): void {
    this.#sound.tell(media, onHeard)
  }

  leave(): void {
    this.#sound.stop()
    this.leg.media.unmix()
  }
}

function isSame(one: PartyEffects, other: PartyEffects): boolean {
  const isSameAudience = one.audience === other.audience || one.audience?.join() === other.audience?.join()
  const isSameSound = one.volumeDb === other.volumeDb && one.sound === other.sound
  return one.hears === other.hears && one.talks === other.talks && isSameAudience && isSameSound
}

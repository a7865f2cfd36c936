import type { RoomId } from '../../media/index.ts'
import type { CallHost } from '../host.ts'
import type { Leg } from '../leg.ts'
import type { Guest } from './room.ts'
import type { PartyEffects } from './room-effects.ts'
import { WaitingMedia } from './waiting-media.ts'

/** The media of one party: made to be what the state of its room says, by what differs from before. */
export class RoomParty {
  readonly guest: Guest
  /** Wall time, in milliseconds since 1970. */
  readonly enteredAt: number
  readonly #room: RoomId
  readonly #waiting: WaitingMedia
  readonly #onFailed: () => void
  #now: PartyEffects | undefined

  /** @param onFailed the media engine did not let it in */
  constructor(host: CallHost, room: RoomId, guest: Guest, onFailed: () => void) {
    this.guest = guest
    this.enteredAt = host.wallTimeMs()
    this.#room = room
    this.#waiting = new WaitingMedia(host, guest.leg.media, guest.settings)
    this.#onFailed = onFailed
  }

  get leg(): Leg {
    return this.guest.leg
  }

  follow(effects: PartyEffects): void {
    const { hears, talks } = effects
    if (hears === this.#now?.hears && talks === this.#now.talks) return
    this.#now = effects
    this.#waiting.be(hears === 'waiting')
    this.leg.media.mix(
      { room: this.#room, talk: talks, listen: hears === 'room' },
      { onMixed: () => this.guest.onIn(), onFailed: () => this.#onFailed() },
    )
  }

  leave(): void {
    this.#waiting.be(false)
    this.leg.media.unmix()
  }
}

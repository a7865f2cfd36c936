import { ChannelCore } from '../channel-core.ts'
import { FilePlayer } from '../file-player.ts'
import type { Leg } from '../leg.ts'
import { type MediaOrTone, MediaOrTonePlayer } from '../media-or-tone.ts'
import { TonePlayer } from '../players.ts'

/**
 * What the caller hears until somebody has him: what was chosen, and ringback until that is ready, and where it cannot be
 * played or ends. Nobody waits in silence.
 */
export class WaitingSound {
  readonly #leg: Leg
  readonly #sound: MediaOrTone
  readonly #ringback: string
  readonly #player: MediaOrTonePlayer
  readonly #post: (action: () => void) => void
  /** Whoever begins or stops it is heard, and not what was begun before. */
  #turn = 0

  constructor(core: ChannelCore, leg: Leg, sound: MediaOrTone) {
    this.#leg = leg
    this.#sound = sound
    this.#ringback = core.host.tones.default
    this.#player = soundBeside(core)
    this.#post = (action) => core.host.post(action)
  }

  begin(): void {
    this.#play(this.#sound, ++this.#turn)
  }

  async stop(): Promise<void> {
    this.#turn++
    await this.#player.stop()
  }

  #play(sound: MediaOrTone, turn: number): void {
    const goOn = (action: () => void) => this.#post(() => turn === this.#turn && !this.#leg.isEnding && action())
    // It may still be ending what it was stopped in.
    void this.#player.stop().then(() =>
      goOn(() => {
        this.#player.startOn(this.#leg, sound, { loop: true, meanwhile: this.#ringback })
        void this.#player.waitUntilFinished().then(() =>
          goOn(() => {
            if (sound !== this.#ringback) this.#play(this.#ringback, turn)
          }),
        )
      }),
    )
  }
}

/** Plays to the call of a channel, beside the players of the application, which cannot play at present. */
export function soundBeside({ host, placement }: ChannelCore): MediaOrTonePlayer {
  const beside = new ChannelCore(host, placement)
  return new MediaOrTonePlayer(beside, new FilePlayer(beside), new TonePlayer(beside))
}

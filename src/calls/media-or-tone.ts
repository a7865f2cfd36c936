import type { ChannelCore } from './channel-core.ts'
import type { PlayerCause } from './enums.ts'
import type { FilePlayer } from './file-player.ts'
import type { Leg } from './leg.ts'
import { prepareMedia } from './open-media.ts'
import type { MediaToPlay } from './playable-media.ts'
import type { TonePlayer } from './players.ts'

/** What callers hear while they wait: a file of the media store, a text, or a tone by its name. */
export type MediaOrTone = MediaToPlay | string

/** Plays a file, a text or a tone on the players of a channel, also where an application may not play. */
export class MediaOrTonePlayer {
  readonly #core: ChannelCore
  readonly #filePlayer: FilePlayer
  readonly #tonePlayer: TonePlayer
  #latest: FilePlayer | TonePlayer

  constructor(core: ChannelCore, filePlayer: FilePlayer, tonePlayer: TonePlayer) {
    this.#core = core
    this.#filePlayer = filePlayer
    this.#tonePlayer = tonePlayer
    this.#latest = filePlayer
  }

  /** @throws UsageError when it cannot be played: no name of a file, no text that can be said, or no tone's name */
  check(sound: MediaOrTone): void {
    if (typeof sound === 'object') this.#filePlayer.check(sound)
    else this.#core.host.tones.steps(sound)
  }

  /** Has a text rendered before its moment, for the codec that the leg has now. */
  prepareOn(leg: Leg, sound: MediaOrTone): void {
    if (typeof sound === 'object')
      void prepareMedia(this.#core.host, this.#filePlayer.check(sound), leg.media.sampleRateHz)
  }

  /**
   * @param meanwhile the tone that is heard as long as a file or a text is not ready. Default: nothing is
   * @param mostHz the sample rate for which a text was rendered beforehand. Default: the leg's
   */
  startOn(
    leg: Leg,
    sound: MediaOrTone,
    { loop, meanwhile, mostHz }: { loop: boolean; meanwhile?: string; mostHz?: 8000 | 16_000 },
  ): void {
    if (typeof sound === 'object') {
      const steps = meanwhile === undefined ? undefined : this.#core.host.tones.steps(meanwhile)
      const options = { loop, meanwhile: steps && ({ kind: 'tone', steps, loop: true } as const), mostHz }
      this.#filePlayer.startOn(leg, this.#filePlayer.check(sound), options)
    } else this.#tonePlayer.startOn(leg, sound, { loop })
    this.#latest = typeof sound === 'object' ? this.#filePlayer : this.#tonePlayer
  }

  async stop(): Promise<void> {
    await this.#filePlayer.stop()
    await this.#tonePlayer.stop()
  }

  /** Resolves with how the latest sound has ended. */
  waitUntilFinished(): Promise<PlayerCause> {
    return this.#latest.waitUntilFinished()
  }
}

import type { ChannelCore } from './channel-core.ts'
import type { Leg } from './leg.ts'
import { assertMediaName } from './media-store.ts'
import type { FilePlayer, TonePlayer } from './players.ts'

/** What callers hear while they wait: a file of the media store, or a tone by its name. */
export type FileOrTone = { readonly fileToPlay: string } | string

/** Plays a file or a tone on the players of a channel, also where an application may not play. */
export class FileOrTonePlayer {
  readonly #core: ChannelCore
  readonly #filePlayer: FilePlayer
  readonly #tonePlayer: TonePlayer

  constructor(core: ChannelCore, filePlayer: FilePlayer, tonePlayer: TonePlayer) {
    this.#core = core
    this.#filePlayer = filePlayer
    this.#tonePlayer = tonePlayer
  }

  /** @throws UsageError when it cannot be the name of a file, or no tone has that name */
  check(sound: FileOrTone): void {
    if (typeof sound === 'object') assertMediaName(sound.fileToPlay)
    else this.#core.host.tones.steps(sound)
  }

  startOn(leg: Leg, sound: FileOrTone, options: { loop: boolean }): void {
    if (typeof sound === 'object') this.#filePlayer.startOn(leg, sound.fileToPlay, options)
    else this.#tonePlayer.startOn(leg, sound, options)
  }

  async stop(): Promise<void> {
    await this.#filePlayer.stop()
    await this.#tonePlayer.stop()
  }

  async waitUntilFinished(): Promise<void> {
    await this.#filePlayer.waitUntilFinished()
    await this.#tonePlayer.waitUntilFinished()
  }
}

import type { JobId } from '../../media/index.ts'
import type { CallHost } from '../host.ts'
import type { LegMedia } from '../leg-media.ts'
import { openMedia } from '../open-media.ts'
import type { PartySettings } from './party-settings.ts'

/**
 * What a party hears while its room is stopped: its file in a loop, else its ringback tone. A file that cannot be played
 * is a tone as well: nobody waits in silence.
 */
export class WaitingMedia {
  readonly #host: CallHost
  readonly #leg: LegMedia
  readonly #settings: PartySettings
  #isWanted = false
  #job: JobId | undefined

  constructor(host: CallHost, leg: LegMedia, settings: PartySettings) {
    this.#host = host
    this.#leg = leg
    this.#settings = settings
  }

  /** Begins or ends it; what it is already, it stays. */
  be(isWanted: boolean): void {
    if (isWanted === this.#isWanted) return
    this.#isWanted = isWanted
    if (!isWanted) this.#stop()
    else if (this.#settings.waitingFile === undefined) this.#playTone()
    else void this.#playFile(this.#settings.waitingFile)
  }

  #stop(): void {
    if (this.#job !== undefined) this.#leg.stopJob(this.#job)
    this.#job = undefined
  }

  async #playFile(fileToPlay: string): Promise<void> {
    try {
      const playable = await openMedia(this.#host, { fileToPlay }, { loop: true, mostHz: this.#leg.sampleRateHz })
      this.#host.post(() => {
        if (!this.#isWanted || this.#job !== undefined) void playable.close()
        else this.#begin({ type: 'play', source: playable.source, bargeIn: false }, () => void playable.close())
      })
    } catch (error) {
      this.#host.logger.warn(
        { err: error, file: fileToPlay },
        'who waits for a conference hears a tone instead of its file',
      )
      this.#host.post(() => {
        if (this.#isWanted && this.#job === undefined) this.#playTone()
      })
    }
  }

  #playTone(): void {
    const { tones } = this.#host
    const steps = tones.steps(this.#settings.ringbackTone ?? tones.default)
    this.#begin({ type: 'play', source: { kind: 'tone', steps, loop: true }, bargeIn: false }, () => {})
  }

  #begin(command: Parameters<LegMedia['startJob']>[0], onFinished: () => void): void {
    this.#job = this.#leg.startJob(command, { bargeIn: false, onFinished })
  }
}

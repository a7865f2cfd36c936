import type { JobId, PlaySource } from '../../media/index.ts'
import type { CallHost } from '../host.ts'
import type { LegMedia } from '../leg-media.ts'
import type { Playable } from '../media-store.ts'
import { openMedia } from '../open-media.ts'
import type { FileToPlay, TextToSay } from '../playable-media.ts'
import { type PartySettings, rateInRooms } from './party-settings.ts'

/** Something that a party hears instead of its room. */
interface Sound {
  /** Without: its ringback tone. */
  readonly media: FileToPlay | TextToSay | undefined
  readonly loop: boolean
  /** @param isWhole to its end */
  readonly onHeard?: (isWhole: boolean) => void
}

/**
 * What a party hears by itself: while its room is stopped its file in a loop, else its ringback tone; and in between what
 * it alone is told, one after the other. A file that cannot be played is a tone as well for who waits: nobody waits in
 * silence.
 */
export class PartySound {
  readonly #host: CallHost
  readonly #leg: LegMedia
  readonly #ringbackTone: string | undefined
  readonly #waiting: Sound
  readonly #told: Sound[] = []
  #waits = false
  #current: Sound | undefined
  #job: JobId | undefined

  constructor(host: CallHost, leg: LegMedia, { waitingFile, ringbackTone }: PartySettings) {
    this.#host = host
    this.#leg = leg
    this.#ringbackTone = ringbackTone
    this.#waiting = { media: waitingFile === undefined ? undefined : { fileToPlay: waitingFile }, loop: true }
  }

  /** It waits, or does not any more. */
  wait(waits: boolean): void {
    this.#waits = waits
    this.#follow()
  }

  /** Plays it something after what it is being told; `onHeard` hears whether it was heard to its end. */
  tell(media: FileToPlay | TextToSay, onHeard: (isWhole: boolean) => void): void {
    this.#told.push({ media, loop: false, onHeard })
    this.#follow()
  }

  /** It hears nothing of this any more. */
  stop(): void {
    this.#waits = false
    for (const sound of this.#told.splice(0)) sound.onHeard?.(false)
    this.#follow()
  }

  #follow(): void {
    const wanted = this.#told[0] ?? (this.#waits ? this.#waiting : undefined)
    if (wanted === this.#current) return
    if (this.#job !== undefined) this.#leg.jobs.stop(this.#job)
    this.#job = undefined
    this.#current = wanted
    if (wanted?.media !== undefined) void this.#open(wanted, wanted.media)
    else if (wanted !== undefined) this.#playTone(wanted)
  }

  async #open(sound: Sound, media: FileToPlay | TextToSay): Promise<void> {
    try {
      const mostHz = rateInRooms(this.#host, media, this.#leg.sampleRateHz)
      const how = { loop: sound.loop, mostHz, isWanted: () => this.#current === sound }
      const playable = await openMedia(this.#host, media, how)
      this.#host.post(() => {
        if (this.#current === sound && this.#job === undefined) this.#play(sound, playable.source, playable)
        else void playable.close().catch(() => {})
      })
    } catch (error) {
      this.#host.logger.warn({ err: error, ...media }, 'a party of a conference cannot be played what it was to hear')
      this.#host.post(() => {
        if (this.#current !== sound || this.#job !== undefined) return
        if (sound === this.#waiting) this.#playTone(sound)
        else this.#finished(sound, false)
      })
    }
  }

  #playTone(sound: Sound): void {
    const { tones } = this.#host
    const steps = tones.steps(this.#ringbackTone ?? tones.default)
    this.#play(sound, { kind: 'tone', steps, loop: true })
  }

  #play(sound: Sound, source: PlaySource, playable?: Playable): void {
    this.#job = this.#leg.jobs.start(
      { type: 'play', source, bargeIn: false },
      {
        bargeIn: false,
        onFinished: (cause) => {
          void playable?.close().catch(() => {})
          this.#finished(sound, cause === 'NORMAL')
        },
      },
    )
  }

  /** What is waited with does not end by itself, and is not begun again when it does. */
  #finished(sound: Sound, isWhole: boolean): void {
    if (sound !== this.#told[0]) return
    this.#told.shift()
    this.#job = undefined
    sound.onHeard?.(isWhole)
    this.#follow()
  }
}

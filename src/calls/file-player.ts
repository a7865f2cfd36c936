import { UsageError } from '../kit/index.ts'
import type { ChannelCore } from './channel-core.ts'
import type { PlayerCause } from './enums.ts'
import type { Leg } from './leg.ts'
import { MediaJob } from './media-job.ts'
import type { Playable } from './media-store.ts'
import {
  checkedMedia,
  describeMedia,
  type FileToPlay,
  type MediaToPlay,
  type TextToSay,
  type VoiceOptions,
} from './playable-media.ts'

/** How something is played. */
export interface PlayOptions {
  /** A new digit ends the playing with BARGEIN. Digits that are already buffered do not. Default false. */
  bargeIn?: boolean
  /** Begin again at the end, until stopped. Default false. */
  loop?: boolean
}

/** How a text is said. */
export interface SayOptions extends PlayOptions, VoiceOptions {}

/** Plays files of the media store to the far end, and says texts. */
export class FilePlayer extends MediaJob<PlayerCause> {
  constructor(core: ChannelCore) {
    super(core, 'filePlayer', 'transmitter')
  }

  /**
   * Plays a file and resolves with the cause when it has ended: NORMAL when played to its end.
   * @param file a name in the media store: WAV, MP3, Ogg Vorbis or Opus, FLAC, or raw G.711 by its ending (.ul, .al)
   * @throws Hangup, UsageError as every media function; a file that cannot be played gives ERROR and `error()`
   */
  async play(file: string, options: PlayOptions = {}): Promise<PlayerCause> {
    this.start(file, options)
    return this.waitUntilFinished()
  }

  /** The same, returning as soon as it was accepted. */
  start(file: string, options: PlayOptions = {}): void {
    const media = this.check({ fileToPlay: file })
    this.startOn(this.core.requireAnswered('filePlayer.play'), media, options)
  }

  /**
   * Says a text and resolves with the cause when it has ended: NORMAL when said to its end.
   * @param text plain or SSML, up to 10,000 characters without the pipe character
   * @throws Hangup, UsageError as every media function; UsageError also where the exchange has no text-to-speech. What the
   *   speech engine cannot say gives ERROR and `error()`: for a voice that does not exist it names those that do
   */
  async say(text: string, options: SayOptions = {}): Promise<PlayerCause> {
    this.startSay(text, options)
    return this.waitUntilFinished()
  }

  /** The same, returning as soon as it was accepted. */
  startSay(text: string, { bargeIn, loop, ...voice }: SayOptions = {}): void {
    const media = this.check({ ...voice, textToSay: text })
    const leg = this.core.requireAnswered('filePlayer.say')
    this.startOn(leg, media, { ...(bargeIn !== undefined && { bargeIn }), ...(loop !== undefined && { loop }) })
  }

  /**
   * @internal What is to be played.
   * @throws UsageError when it cannot be played on this exchange
   */
  check(media: MediaToPlay): FileToPlay | TextToSay {
    const checked = checkedMedia(media)
    if (checked === undefined) throw new UsageError('this PlayableMedia was given neither a file nor a text')
    if ('textToSay' in checked && this.core.host.speech === undefined)
      throw new UsageError('this exchange has no text-to-speech: texts cannot be said, only files played')
    return checked
  }

  /** @internal On a leg that the caller has checked: a ringtone plays before the answer. */
  startOn(leg: Leg, media: FileToPlay | TextToSay, { bargeIn = false, loop = false }: PlayOptions): void {
    let playable: Playable | undefined
    this.launch(leg, {
      bargeIn,
      what: describeMedia(media),
      prepare: async () => {
        playable = await this.#open(media, { loop, mostHz: leg.media.sampleRateHz })
        return { type: 'play', source: playable.source, bargeIn }
      },
      complete: async (_outcome, end) => {
        try {
          await playable?.close()
        } catch (error) {
          // What was not wanted any more need not have been readable.
          if (end === 'NORMAL') throw error
        }
      },
    })
  }

  #open(media: FileToPlay | TextToSay, how: { loop: boolean; mostHz: 8000 | 16_000 }): Promise<Playable> {
    const { files, speech } = this.core.host
    if ('fileToPlay' in media) return files.read(media.fileToPlay, how)
    if (speech === undefined) throw new UsageError('this exchange has no text-to-speech')
    const { voice, rate } = media
    return speech.say(media.textToSay, {
      ...how,
      ...(voice !== undefined && { voice }),
      ...(rate !== undefined && { rate }),
    })
  }
}

import { UsageError } from '../kit/index.ts'
import { type BargeIn, bargeInOf } from './barge-in.ts'
import type { ChannelCore } from './channel-core.ts'
import { checkTimeout } from './channel-options.ts'
import type { PlayerCause } from './enums.ts'
import type { Leg } from './leg.ts'
import { MediaJob } from './media-job.ts'
import { checkPlayable } from './open-media.ts'
import { PlayRun, type PlayRunOptions } from './play-run.ts'
import {
  describeMedia,
  excerptOf,
  type FileToPlay,
  type MediaToPlay,
  type TextToSay,
  type VoiceOptions,
} from './playable-media.ts'

/** How something is played. */
export interface PlayOptions {
  /**
   * A new digit (`true` or 'digit'), speech, or both end the playing with BARGEIN. Digits that are already buffered do
   * not. Default false.
   */
  bargeIn?: BargeIn
  /** Begin again at the end, until stopped. Default false. */
  loop?: boolean
  /** Ends with TIMEOUT after so long. Default: no limit. */
  timeoutMs?: number
}

/** How a file is played. */
export interface PlayFileOptions extends PlayOptions {
  /** Where in the file to begin; a loop begins again at its beginning. Default 0. */
  startMs?: number
}

/** How a text is said. */
export interface SayOptions extends PlayOptions, VoiceOptions {}

/** Plays files of the media store to the far end, and says texts. */
export class FilePlayer extends MediaJob<PlayerCause> {
  #run: PlayRun | undefined

  constructor(core: ChannelCore) {
    super(core, 'filePlayer', 'transmitter')
  }

  /**
   * Plays a file and resolves with the cause when it has ended: NORMAL when played to its end.
   * @param file a name in the media store: WAV, MP3, Ogg Vorbis or Opus, FLAC, or raw G.711 by its ending (.ul, .al)
   * @throws Hangup, UsageError as every media function; a file that cannot be played gives ERROR and `error()`
   */
  async play(file: string, options: PlayFileOptions = {}): Promise<PlayerCause> {
    this.start(file, options)
    return this.waitUntilFinished()
  }

  /** The same, returning as soon as it was accepted. */
  start(file: string, options: PlayFileOptions = {}): void {
    const media = this.check({ fileToPlay: file })
    checkedMs('filePlayer.play: startMs', options.startMs ?? 0)
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
  startSay(text: string, options: SayOptions = {}): void {
    const { bargeIn = false, loop = false, timeoutMs, ...voice } = options
    const media = this.check({ ...voice, textToSay: text })
    const leg = this.core.requireAnswered('filePlayer.say')
    this.startOn(leg, media, { bargeIn, loop, ...(timeoutMs !== undefined && { timeoutMs }) })
  }

  /**
   * Plays files and says texts one after the other, without a packet missing between: the next is made ready while one is
   * played. What cannot be played ends the list with ERROR, after what stands before it.
   * @param items 1 to 1,000: names of files, and whatever else can be played
   * @throws Hangup, UsageError as every media function
   */
  async playList(items: readonly (string | MediaToPlay)[], options: PlayOptions = {}): Promise<PlayerCause> {
    this.startPlayList(items, options)
    return this.waitUntilFinished()
  }

  /** The same, returning as soon as it was accepted. */
  startPlayList(items: readonly (string | MediaToPlay)[], options: PlayOptions = {}): void {
    if (!Array.isArray(items) || items.length === 0 || items.length > MOST_ITEMS)
      throw new UsageError(`filePlayer.playList: expected a list of 1 to ${MOST_ITEMS} items`)
    const media = items.map((item) => this.check(typeof item === 'string' ? { fileToPlay: item } : item))
    this.#startAll(this.core.requireAnswered('filePlayer.playList'), media, options)
  }

  /**
   * Goes on at another place of the file that is being played; of a list, the item that is.
   * @param toMs from its beginning; behind its end it has ended
   * @returns false when nothing is being played (any more)
   * @throws UsageError for a time that is none, and while a text is said; MediaFileError when the file is gone
   */
  async seek(toMs: number): Promise<boolean> {
    checkedMs('filePlayer.seek: the position', toMs)
    return (await this.#run?.seek(() => toMs)) ?? false
  }

  /** The same, from where it is: 5,000 is five seconds on, -5,000 five seconds back, at most to the beginning. */
  async skip(byMs: number): Promise<boolean> {
    if (!Number.isFinite(byMs)) throw new UsageError(`filePlayer.skip: expected milliseconds, not ${byMs}`)
    // Where it is, is known within a mutation.
    await this.core.do(() => {})
    return (await this.#run?.seek((positionMs) => positionMs + byMs)) ?? false
  }

  /**
   * How far the file or text was played, of a list its item: while it plays, or when it ended. By the clock: gaps of a
   * disk that was late are counted as played.
   */
  async positionMs(): Promise<number> {
    await this.core.do(() => {})
    return this.#run?.positionMs ?? 0
  }

  /** Which item of the list is played or was last, from 0. */
  item(): number {
    return this.#run?.index ?? 0
  }

  /**
   * @internal What is to be played.
   * @throws UsageError when it cannot be played on this exchange
   */
  check(media: MediaToPlay): FileToPlay | TextToSay {
    return checkPlayable(this.core.host, media)
  }

  /** @internal On a leg that the caller has checked: a ringtone plays before the answer. */
  startOn(
    leg: Leg,
    media: FileToPlay | TextToSay,
    options: PlayFileOptions & Pick<PlayRunOptions, 'meanwhile' | 'mostHz'>,
  ): void {
    this.#startAll(leg, [media], options)
  }

  #startAll(
    leg: Leg,
    items: readonly (FileToPlay | TextToSay)[],
    options: PlayFileOptions & Pick<PlayRunOptions, 'meanwhile' | 'mostHz'>,
  ): void {
    const { bargeIn = false, loop = false, startMs = 0, timeoutMs, meanwhile, mostHz } = options
    checkTimeout('filePlayer', timeoutMs)
    const interruption = bargeInOf('filePlayer', bargeIn)
    const run = new PlayRun(this.core.host, leg, items, { interruption, loop, startMs, meanwhile, mostHz })
    this.launch(leg, {
      bargeIn: interruption.bargeIn,
      timeoutMs,
      what: describeAll(items),
      prepare: (isWanted) => run.prepare(isWanted),
      onBegun: (job) => run.begun(job),
      onPlayingNext: () => run.playingNext(),
      complete: (_outcome, end) => run.close(end),
    })
    this.#run = run
  }
}

/** A list is bounded as a text is. */
const MOST_ITEMS = 1000

function describeAll(items: readonly (FileToPlay | TextToSay)[]): string {
  return excerptOf(items.map(describeMedia).join(', '))
}

function checkedMs(what: string, ms: number): number {
  if (!(Number.isFinite(ms) && ms >= 0)) throw new UsageError(`${what} must be 0 or more milliseconds, not ${ms}`)
  return ms
}

import { UsageError } from '../kit/index.ts'
import type { PlaySource } from '../media/index.ts'
import type { BargeInCommand } from './barge-in.ts'
import type { CallHost } from './host.ts'
import type { Leg } from './leg.ts'
import type { JobCommand } from './leg-jobs.ts'
import type { JobEnd, RunningJob } from './media-job.ts'
import type { Playable } from './media-store.ts'
import { openMedia } from './open-media.ts'
import type { FileToPlay, TextToSay } from './playable-media.ts'

/** How a run goes. */
export interface PlayRunOptions {
  readonly interruption: BargeInCommand
  /** Begin again after the last item. */
  readonly loop: boolean
  /** Where to begin in the first item. */
  readonly startMs: number
  /**
   * What is played, from {@link SOON_MS} on, until the first item is open: a text that has to be rendered, a disk that is
   * slow. Without it that is silence.
   */
  readonly meanwhile?: PlaySource | undefined
  /** The sample rate at which texts are rendered. Default: what the leg can make use of. */
  readonly mostHz?: 8000 | 16_000 | undefined
}

/** An item that was opened. */
interface Opened {
  readonly index: number
  readonly playable: Playable
  readonly startMs: number
}

/**
 * One run of the file player: the item that is played, the one that is ready to follow it, and where it is. While one is
 * played, the next is opened. Whatever was opened is closed, however the run ends.
 */
export class PlayRun {
  readonly #host: CallHost
  readonly #leg: Leg
  readonly #items: readonly (FileToPlay | TextToSay)[]
  readonly #options: PlayRunOptions
  #job: RunningJob | undefined
  #current: Opened | undefined
  #waiting: Opened | undefined
  /** How many items have begun after the first. */
  #turn = 0
  /** When the current item was at its `startMs`. */
  #since = 0
  /** Where it stood in the end. */
  #endedAtMs = 0
  #isOver = false
  /** The first item, which is opened while something else is played. */
  #awaited: Promise<Opened> | undefined
  #isWanted = (): boolean => true
  /** It was ended because its first item could not be opened. */
  #hasNoBeginning = false
  /** What could not be opened, or not be read to its end. */
  #trouble: unknown

  constructor(host: CallHost, leg: Leg, items: readonly (FileToPlay | TextToSay)[], options: PlayRunOptions) {
    this.#host = host
    this.#leg = leg
    this.#items = items
    this.#options = options
  }

  /** Which item is played, or was last. */
  get index(): number {
    return this.#current?.index ?? 0
  }

  /** How far into the current item, by the clock. */
  get positionMs(): number {
    const current = this.#current
    if (current === undefined || this.#isOver || this.#job === undefined) return this.#endedAtMs
    const ms = current.startMs + this.#host.now - this.#since
    const { source } = current.playable
    if (source.kind !== 'audio') return ms
    const lengthMs = (1000 * source.clip.data.length) / source.clip.sampleRateHz
    return source.loop && lengthMs > 0 ? ms % lengthMs : Math.min(ms, lengthMs)
  }

  /**
   * Opens the first item, or begins with what is played until it is open.
   * @param isWanted false as soon as the run was stopped or its call ends
   */
  async prepare(isWanted: () => boolean): Promise<JobCommand> {
    this.#isWanted = isWanted
    const { startMs, interruption, meanwhile } = this.#options
    const opening = this.#open(0, startMs)
    const more = this.#after(0) !== undefined
    if (meanwhile !== undefined && !(await this.#isSettledSoon(opening))) {
      this.#awaited = opening
      return { type: 'play', source: meanwhile, ...interruption, more }
    }
    this.#current = await opening
    return { type: 'play', source: this.#current.playable.source, ...interruption, more }
  }

  begun(job: RunningJob): void {
    this.#job = job
    this.#since = this.#host.now
    if (this.#awaited === undefined) void this.#prepareNext(0)
    else void this.#beginWith(this.#awaited)
  }

  /** The item that was ready is being played. */
  playingNext(): void {
    const former = this.#current
    if (this.#waiting === undefined) return
    this.#turn++
    this.#current = this.#waiting
    this.#waiting = undefined
    this.#since = this.#host.now
    void this.#close(former, true)
    void this.#prepareNext(this.#current.index)
  }

  /**
   * Goes on at another place of the current item.
   * @param toMs where, given where it is
   * @returns false when it has ended meanwhile
   */
  async seek(toMs: (positionMs: number) => number): Promise<boolean> {
    const from = this.#current
    if (from === undefined || this.#isOver) return false
    const item = this.#items[from.index]
    if (item !== undefined && 'textToSay' in item)
      throw new UsageError('filePlayer.seek: a text is being said; only files can be sought in')
    const to = await this.#open(from.index, Math.max(0, toMs(this.positionMs)))
    const isDone = await new Promise<boolean>((resolve) => {
      this.#host.post(() => resolve(this.#goOnWith(to, from)))
    })
    await this.#close(isDone ? from : to, false)
    return isDone
  }

  #goOnWith(to: Opened, from: Opened): boolean {
    if (this.#isOver || this.#current !== from || this.#job === undefined) return false
    this.#current = to
    this.#since = this.#host.now
    this.#job.playNext({ source: to.playable.source, when: 'now', turn: this.#turn })
    return true
  }

  /**
   * The run is over: gives everything back.
   * @throws what could not be played, when that was to be played to its end
   */
  async close(end: JobEnd): Promise<void> {
    this.#endedAtMs = this.positionMs
    this.#isOver = true
    if (this.#current === undefined) void this.#awaited?.then((late) => this.#close(late, false)).catch(() => {})
    await this.#close(this.#current, true)
    await this.#close(this.#waiting, false)
    // What was not wanted any more need not have been readable.
    if ((end === 'NORMAL' || this.#hasNoBeginning) && this.#trouble !== undefined) throw this.#trouble
  }

  /** Whether it is open, or cannot be opened, before somebody who waits would miss it. */
  #isSettledSoon(opening: Promise<Opened>): Promise<boolean> {
    return new Promise((resolve) => {
      const patience = this.#host.timer(() => resolve(false))
      patience.setIn(SOON_MS)
      const onSettled = () => {
        patience.clear()
        resolve(true)
      }
      opening.then(onSettled, onSettled)
    })
  }

  /** Plays the first item in the place of what is played until it is open. */
  async #beginWith(opening: Promise<Opened>): Promise<void> {
    let first: Opened
    try {
      first = await opening
    } catch (error) {
      this.#trouble = error
      this.#hasNoBeginning = true
      this.#job?.stop()
      return
    }
    this.#host.post(() => {
      if (this.#isOver) return
      this.#current = first
      this.#since = this.#host.now
      this.#job?.playNext({ source: first.playable.source, when: 'now' })
      void this.#prepareNext(0)
    })
  }

  async #prepareNext(index: number): Promise<void> {
    const next = this.#after(index)
    if (next === undefined) return
    let opened: Opened
    try {
      opened = await this.#open(next, 0)
    } catch (error) {
      this.#trouble ??= error
      this.#host.post(() => this.#job?.playNext({ when: 'after' }))
      return
    }
    this.#host.post(() => {
      if (this.#isOver) void this.#close(opened, false)
      else {
        this.#waiting = opened
        const { source } = opened.playable
        this.#job?.playNext({ source, when: 'after', more: this.#after(next) !== undefined })
      }
    })
  }

  #after(index: number): number | undefined {
    if (this.#items.length === 1) return undefined
    const isLast = index === this.#items.length - 1
    return isLast ? (this.#options.loop ? 0 : undefined) : index + 1
  }

  async #open(index: number, startMs: number): Promise<Opened> {
    const item = this.#items[index] as FileToPlay | TextToSay
    // A list begins again at its first item; a single item is played in a loop by the engine.
    const { loop, mostHz = this.#leg.media.sampleRateHz } = this.#options
    const how = { loop: loop && this.#items.length === 1, mostHz }
    const from = 'fileToPlay' in item && startMs > 0 ? { startMs } : {}
    const isWanted = () => !this.#isOver && this.#isWanted()
    return { index, startMs, playable: await openMedia(this.#host, item, { ...how, ...from, isWanted }) }
  }

  async #close(opened: Opened | undefined, wasWanted: boolean): Promise<void> {
    try {
      await opened?.playable.close()
    } catch (error) {
      if (wasWanted) this.#trouble ??= error
    }
  }
}

/** So long may opening take before something else is played: with the way to the engine, less than three packets. */
const SOON_MS = 20

import { UsageError } from '../../kit/index.ts'
import { type BargeIn, bargeInOf } from '../barge-in.ts'
import type { ChannelCore } from '../channel-core.ts'
import { AudioStreamCause } from '../enums.ts'
import type { Leg } from '../leg.ts'
import { isOfFormat, type LiveFormat, type LiveSamples, liveFormat } from './live-format.ts'
import { LiveLink } from './live-link.ts'
import type { MarkOutcome } from './live-output.ts'

/** How {@link LiveAudioStream} gives and takes sound. */
export interface AudioStreamOptions {
  /** 16-bit samples, or G.711. Default 'pcm16'. */
  encoding?: LiveFormat['encoding']
  /** 8,000 or, of 16-bit samples, 16,000, whatever the codec of the call. Default 8,000. */
  sampleRateHz?: LiveFormat['sampleRateHz']
  /** How much may wait to be played before `write` waits, 20 to 60,000 ms. Default 2,000. */
  maxBufferedMs?: number
  /** A new digit of the far end, speech, or either clears what waits to be played. Default false. */
  bargeIn?: BargeIn
}

/**
 * The sound of a call in the hands of an application, as it happens. What the far end says is read with `for await`, a
 * block for each 20 ms, silence included; what is written is played to it. Whoever leaves the loop closes the stream; when
 * the call ends, the loop does.
 *
 *     const stream = channel.audioStream()
 *     for await (const block of stream) await stream.write(block) // an echo
 */
export class LiveAudioStream<Samples extends LiveSamples = Int16Array> implements AsyncIterable<Samples> {
  readonly encoding: LiveFormat['encoding']
  readonly sampleRateHz: LiveFormat['sampleRateHz']
  readonly #core: ChannelCore
  readonly #leg: Leg
  readonly #link: LiveLink
  readonly #maxBufferedMs: number
  readonly #finished: Promise<void>
  #resolveFinished: () => void = () => {}
  #cause: AudioStreamCause = AudioStreamCause.NONE
  #error: Error | undefined
  #isClosed = false
  #isWriting = false
  #isRead = false
  #onSound: (() => void) | undefined

  /** @internal Made by `channel.audioStream`. */
  constructor(core: ChannelCore, options: AudioStreamOptions) {
    const { maxBufferedMs = 2000 } = options
    const bargeIn = bargeInOf(NAME, options.bargeIn)
    const format = liveFormat(NAME, options)
    if (!(maxBufferedMs >= 20 && maxBufferedMs <= 60_000))
      throw new UsageError(`${NAME}: maxBufferedMs must be 20 to 60000, not ${maxBufferedMs}`)
    this.#core = core
    this.#leg = core.requireConnected(`channel.${NAME}`)
    this.encoding = format.encoding
    this.sampleRateHz = format.sampleRateHz
    this.#maxBufferedMs = maxBufferedMs
    this.#finished = new Promise((resolve) => {
      this.#resolveFinished = resolve
    })
    this.#link = new LiveLink(core, this.#leg, NAME, format, {
      onSound: () => this.#wake(),
      onEnd: (end, error) => this.#end(end === 'ABORTED' ? 'NORMAL' : end === 'HANGUP' ? 'HANGUP' : 'ERROR', error),
    })
    const what = `${format.encoding} at ${format.sampleRateHz} Hz`
    this.#leg.record?.add(core.host.now, { type: 'started', job: NAME, what })
    this.#link.listen()
    this.#link.interruptBy(bargeIn)
  }

  /** Why it ended: NORMAL when it was closed, HANGUP, or ERROR; NONE until then. */
  cause(): AudioStreamCause {
    return this.#cause
  }

  /** What went wrong, when {@link cause} is ERROR. */
  error(): Error | undefined {
    return this.#error
  }

  /** What was written and is not played yet, in milliseconds. */
  get bufferedMs(): number {
    return this.#link.output.bufferedMs
  }

  /** What the far end said and nobody read in time, in milliseconds: 1.2 s are kept, of which the oldest are lost first. */
  get lostMs(): number {
    return this.#link.input.lostMs
  }

  /**
   * Plays samples behind those that wait already; resolves when more may be written: when no more than `maxBufferedMs`
   * waits. The first write takes the place of the transmitter, until the stream is closed.
   * @returns false when the stream is over, and nothing of it will be played
   * @throws UsageError when another player runs, when the write before it still waits, or for samples of the wrong kind
   */
  async write(samples: Samples): Promise<boolean> {
    if (!isOfFormat(samples, this))
      throw new UsageError(
        `${NAME}.write takes ${this.encoding === 'pcm16' ? 'an Int16Array' : 'a Uint8Array'}, as its encoding is ${this.encoding}`,
      )
    if (this.#isWriting) throw new UsageError(`${NAME}.write: await each write before the next`)
    if (this.#isOver) return false
    this.#link.speak()
    const { output } = this.#link
    // Whoever writes may use the same array again.
    output.push(samples.slice())
    if (output.bufferedMs <= this.#maxBufferedMs) return true
    this.#isWriting = true
    const outcome = await new Promise<MarkOutcome>((resolve) => output.waitUntilAtMost(this.#maxBufferedMs, resolve))
    this.#isWriting = false
    return outcome !== 'ENDED'
  }

  /** Resolves when what was written until now has been played, or was cleared, or never will be as the stream has ended. */
  async mark(): Promise<MarkOutcome> {
    if (this.#isOver) return 'ENDED'
    return new Promise((resolve) => this.#link.output.mark(resolve))
  }

  /** Forgets what was not played yet: at most two packets after it, the far end hears silence, or what is written next. */
  clear(): void {
    if (!this.#isOver) this.#link.output.clear()
  }

  /** Ends the stream, and gives the place of the transmitter back. What was not played yet never is: see {@link mark}. */
  async close(): Promise<AudioStreamCause> {
    if (!this.#isClosed) {
      this.#isClosed = true
      this.#link.stop()
      this.#wake()
    }
    return this.waitUntilFinished()
  }

  /** Resolves with the cause when the stream has ended. */
  async waitUntilFinished(): Promise<AudioStreamCause> {
    await this.#finished
    return this.#cause
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  /**
   * Reads what the far end says.
   * @throws UsageError when somebody reads already
   */
  [Symbol.asyncIterator](): AsyncIterator<Samples, undefined> {
    if (this.#isRead) throw new UsageError(`${NAME} is being read already; open another one`)
    this.#isRead = true
    return {
      next: () => this.#next(),
      return: async () => {
        await this.close()
        return { done: true, value: undefined }
      },
    }
  }

  get #isOver(): boolean {
    return this.#isClosed || this.#link.isOver
  }

  async #next(): Promise<IteratorResult<Samples, undefined>> {
    for (;;) {
      const block = this.#isClosed ? undefined : this.#link.input.read()
      if (block !== undefined) return { done: false, value: block as Samples }
      if (this.#isOver) return { done: true, value: undefined }
      await new Promise<void>((resolve) => {
        this.#onSound = resolve
      })
    }
  }

  #wake(): void {
    this.#onSound?.()
    this.#onSound = undefined
  }

  #end(cause: AudioStreamCause, error: Error | undefined): void {
    this.#cause = cause
    this.#error = error
    this.#leg.record?.add(this.#core.host.now, { type: 'finished', job: NAME, cause })
    this.#resolveFinished()
    this.#wake()
  }
}

const NAME = 'audioStream'

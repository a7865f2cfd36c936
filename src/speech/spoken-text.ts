import type { AudioClip } from '../media/index.ts'
import { type Listener, Rendering } from './rendering.ts'
import type { SpokenSentence } from './speech-engine.ts'

/** What a text is made of. */
export type SpokenPiece = SpokenSentence | { readonly silenceMs: number }

/** What a text needs of the service. */
export interface SpokenTextHost {
  readonly sampleRateHz: 8000 | 16_000
  readonly isWanted: () => boolean
  /** Whether there is something to hear of a sentence before all of it is there. */
  readonly isStreaming: boolean
  readonly now: () => number
  /** @throws SpeechError when it cannot be had */
  find(sentence: SpokenSentence, listener: Listener): AudioClip | Rendering
}

/** A text that is read once, from beginning to end, as it is spoken: a sentence is asked for when the one before is read. */
export class SpokenText {
  readonly sampleRateHz: 8000 | 16_000
  readonly encoding = 'pcm16'
  readonly #pieces: readonly SpokenPiece[]
  readonly #host: SpokenTextHost
  #next = 0
  #samples: AsyncIterator<Int16Array> | undefined
  #waitsFor: { rendering: Rendering; listener: Listener } | undefined
  /** When the first samples were there, and how many were until now: so when there will be nothing more to hear. */
  #begunMs: number | undefined
  #length = 0
  #isClosed = false

  constructor(pieces: readonly SpokenPiece[], host: SpokenTextHost) {
    this.sampleRateHz = host.sampleRateHz
    this.#pieces = pieces
    this.#host = host
  }

  /**
   * The whole text in memory, when that takes no longer than its first samples; otherwise it is to be read.
   * @throws SpeechError when it cannot be spoken
   */
  async clip(): Promise<AudioClip | undefined> {
    const [only, more] = this.#pieces
    if (only === undefined) return this.#silence(0)
    if (more !== undefined) return undefined
    if ('silenceMs' in only) return this.#silence(only.silenceMs)
    const found = this.#find(only, this.#host.now())
    if (!(found instanceof Rendering)) return found
    if (this.#host.isStreaming) {
      this.#next = 1
      this.#samples = found.samples()
      return undefined
    }
    await finished(found)
    this.#leave()
    return found.clip()
  }

  /**
   * The next samples, any number of them; `undefined` at the end, and when it was closed.
   * @throws SpeechError when a sentence cannot be spoken
   */
  async read(): Promise<Int16Array | undefined> {
    while (!this.#isClosed) {
      if (this.#samples === undefined) {
        const piece = this.#pieces[this.#next++]
        if (piece === undefined) return undefined
        if ('silenceMs' in piece) return this.#counted(this.#silence(piece.silenceMs).data as Int16Array)
        const found = this.#find(piece, this.#dueMs())
        if (!(found instanceof Rendering)) return this.#counted(found.data as Int16Array)
        this.#samples = found.samples()
      }
      const next = await this.#samples.next().catch((error: unknown) => {
        // What was given up by closing is no failure.
        if (!this.#isClosed) throw error
      })
      if (next === undefined || this.#isClosed) return undefined
      if (next.done !== true) return this.#counted(next.value)
      this.#leave()
      this.#samples = undefined
    }
    return undefined
  }

  /** The next {@link read} begins at the beginning. */
  rewind(): void {
    this.#leave()
    this.#samples = undefined
    this.#next = 0
  }

  /** Nobody reads it any more. */
  async close(): Promise<void> {
    this.#isClosed = true
    this.#leave()
  }

  /**
   * Has everything spoken that is not kept yet, when nobody else needs the engine.
   * @throws SpeechError when it cannot be spoken
   */
  async prepare(): Promise<void> {
    for (const piece of this.#pieces) {
      if ('silenceMs' in piece || this.#isClosed) continue
      const found = this.#find(piece, Number.POSITIVE_INFINITY)
      if (found instanceof Rendering) await finished(found)
      this.#leave()
    }
  }

  #find(sentence: SpokenSentence, dueMs: number): AudioClip | Rendering {
    const listener = { dueMs, isWanted: () => !this.#isClosed && this.#host.isWanted() }
    const found = this.#host.find(sentence, listener)
    if (found instanceof Rendering) this.#waitsFor = { rendering: found, listener }
    return found
  }

  /** Now, or when what was read until now has been heard. */
  #dueMs(): number {
    if (this.#begunMs === undefined) return this.#host.now()
    return this.#begunMs + (1000 * this.#length) / this.sampleRateHz
  }

  #counted(samples: Int16Array): Int16Array {
    this.#begunMs ??= this.#host.now()
    this.#length += samples.length
    return samples
  }

  #leave(): void {
    this.#waitsFor?.rendering.leave(this.#waitsFor.listener)
    this.#waitsFor = undefined
  }

  #silence(durationMs: number): AudioClip {
    const length = Math.round((durationMs * this.sampleRateHz) / 1000)
    return {
      encoding: 'pcm16',
      sampleRateHz: this.sampleRateHz,
      data: new Int16Array(new SharedArrayBuffer(2 * length)),
    }
  }
}

async function finished(rendering: Rendering): Promise<void> {
  for await (const _ of rendering.samples());
}

import { createHash } from 'node:crypto'
import { Counters, RecentCache, SpeechError, UsageError } from '../kit/index.ts'
import type { AudioClip } from '../media/index.ts'
import type { PromptDisk } from './cache/prompt-disk.ts'
import { type Listener, Rendering } from './rendering.ts'
import { SentenceQueue } from './sentence-queue.ts'
import type { SpeechEngine, SpeechVoice, SpokenSentence } from './speech-engine.ts'
import { SpokenText } from './spoken-text.ts'
import { piecesOf } from './text/pieces.ts'
import { languageOf, voiceProblem } from './voices.ts'

/** What is counted of speech. */
export type SpeechCounter =
  /** Sentences that the speech engine has spoken. */
  | 'sentencesSpoken'
  /** Sentences that had been spoken before and were kept, in memory or on disk. */
  | 'sentencesKept'
  /** Sentences that could not be spoken: the engine has failed. */
  | 'sentencesFailed'
  /** Sentences refused because too many were waiting to be spoken. */
  | 'sentencesRefused'
  /** Sentences given up because nobody waited for them any more. */
  | 'sentencesGivenUp'
  /** Sentences kept on disk that were damaged: they were spoken anew. */
  | 'promptsDamaged'
  /** Sentences that could not be written to disk, or not be read from it. */
  | 'promptsNotKept'
  /** Speech threads that died and were replaced. */
  | 'speechThreadsDied'

/** How a text is to be spoken. */
export interface SpeechOptions {
  /** One of {@link Speech.voices}. Default: the configured one. */
  readonly voice?: string
  /** How fast: 1 is the voice's own pace; 0.25 to 4. Default 1. */
  readonly rate?: number
  /** Default 8,000. */
  readonly sampleRateHz?: 8000 | 16_000
  /** The text is a secret: what is spoken of it is kept nowhere. Default false. */
  readonly private?: boolean
  /** Asked now and then: false gives up what is still to be spoken. Default: it is wanted until it is closed. */
  readonly isWanted?: () => boolean
}

export interface SpeechLimits {
  /** Sentences that may wait to be spoken. Default 1,000. */
  readonly waitingSentences?: number
  /** The longest text, in characters with its markup. Default 10,000. */
  readonly textLength?: number
  /** Memory for what was spoken, in bytes. Default 33,554,432 (32 MiB, 35 minutes at 8 kHz). */
  readonly memoryBytes?: number
}

export interface SpeechServiceOptions extends SpeechLimits {
  /** The voice of those who name none. Default: the engine's. */
  readonly voice?: string
  /** Where it is kept beyond this process. Default: nowhere. */
  readonly disk?: PromptDisk
  /** Monotonic, in ms. */
  readonly now?: () => number
}

/**
 * Speaks texts with an engine: takes them apart into sentences, keeps what was spoken, speaks a sentence once for all
 * who want it at the same time, and lets everybody have a first sentence before anybody has a second too early.
 */
export class Speech {
  readonly counters = new Counters<SpeechCounter>()
  readonly #engine: SpeechEngine
  readonly #voice: string
  readonly #queue: SentenceQueue
  readonly #memory: RecentCache<AudioClip>
  readonly #disk: PromptDisk | undefined
  readonly #writing = new Set<Promise<void>>()
  readonly #renderings = new Map<string, Rendering>()
  readonly #mostWaiting: number
  readonly #mostLength: number
  readonly #now: () => number
  #rounds: NodeJS.Timeout | undefined
  #secrets = 0

  /** @throws SpeechError when the engine has no such voice */
  constructor(engine: SpeechEngine, options: SpeechServiceOptions = {}) {
    this.#engine = engine
    this.#queue = new SentenceQueue(engine, (rendering, error) => this.#ended(rendering, error))
    this.#memory = new RecentCache(options.memoryBytes ?? 32 * 2 ** 20)
    this.#disk = options.disk
    this.#mostWaiting = options.waitingSentences ?? 1000
    this.#mostLength = options.textLength ?? 10_000
    this.#now = options.now ?? (() => performance.now())
    this.#voice = this.#voiceNamed(options.voice ?? engine.defaultVoice)
  }

  get voices(): readonly SpeechVoice[] {
    return this.#engine.voices
  }

  /** Sentences that wait or are being spoken, and bytes of audio that are kept in memory. */
  sizes(): { readonly sentences: number; readonly waiting: number; readonly keptBytes: number } {
    return { sentences: this.#renderings.size, waiting: this.#queue.waiting, keptBytes: this.#memory.size }
  }

  /**
   * Opens a text, plain or SSML; its first sentence is asked for when it is read.
   * @throws UsageError when it is no text that can be spoken; SpeechError for SSML that is malformed, and for a voice that
   *   does not exist: it lists those that do
   */
  open(text: string, options: SpeechOptions = {}): SpokenText {
    const { rate = 1, sampleRateHz = 8000, private: isPrivate = false, isWanted = () => true } = options
    if (!(rate >= SLOWEST && rate <= FASTEST))
      throw new UsageError(`a rate of speech is from ${SLOWEST} to ${FASTEST}, 1 being the voice's own: not ${rate}`)
    const voice = this.#voiceNamed(options.voice ?? this.#voice)
    const pieces = piecesOf(text, { language: languageOf(this.#engine, voice), mostLength: this.#mostLength })
    return new SpokenText(
      pieces.map((piece) =>
        'silenceMs' in piece ? piece : { text: piece.text, voice, rate: within(rate * piece.rate), sampleRateHz },
      ),
      {
        sampleRateHz,
        isWanted,
        isStreaming: this.#engine.capabilities.isStreaming,
        now: this.#now,
        find: (sentence, listener) => this.#find(sentence, listener, isPrivate),
      },
    )
  }

  /**
   * Speaks a text for later, when nobody else needs the engine.
   * @throws as {@link open}; SpeechError when it cannot be spoken
   */
  async prepare(text: string, options: SpeechOptions = {}): Promise<void> {
    await this.open(text, options).prepare()
  }

  async close(): Promise<void> {
    clearInterval(this.#rounds)
    await this.#engine.close()
    await Promise.all(this.#writing)
  }

  #voiceNamed(name: string): string {
    const problem = voiceProblem(this.#engine, name)
    if (problem !== undefined) throw new SpeechError(problem)
    return name
  }

  /**
   * What was kept, or what is on its way.
   * @throws SpeechError when too much waits already
   */
  #find(sentence: SpokenSentence, listener: Listener, isPrivate: boolean): AudioClip | Rendering {
    const key = isPrivate ? `private ${++this.#secrets}` : keyOf(this.#engine, sentence)
    const kept = this.#memory.get(key)
    if (kept !== undefined) {
      this.counters.add('sentencesKept')
      return kept
    }
    const known = this.#renderings.get(key)
    if (known !== undefined && !known.signal.aborted) {
      known.add(listener)
      return known
    }
    if (this.#renderings.size >= this.#mostWaiting) this.#askAround()
    if (this.#renderings.size >= this.#mostWaiting) {
      this.counters.add('sentencesRefused')
      throw new SpeechError(`${this.#renderings.size} sentences wait to be spoken: no more are taken`)
    }
    const rendering = new Rendering(key, sentence, isPrivate)
    rendering.add(listener)
    this.#renderings.set(key, rendering)
    this.#rounds ??= setInterval(() => this.#askAround(), ROUNDS_MS).unref()
    if (this.#disk === undefined || isPrivate) this.#queue.add(rendering)
    else void this.#begin(rendering, this.#disk)
    return rendering
  }

  async #begin(rendering: Rendering, disk: PromptDisk): Promise<void> {
    const kept = await disk.read(rendering.key)
    if (kept === undefined) {
      this.#queue.add(rendering)
      return
    }
    this.counters.add('sentencesKept')
    rendering.endWith(kept)
    this.#remember(rendering.key, kept)
    this.#remove(rendering)
  }

  #ended(rendering: Rendering, error?: Error): void {
    this.#remove(rendering)
    if (error === undefined) {
      this.counters.add('sentencesSpoken')
      rendering.end()
      if (!rendering.isPrivate) this.#keep(rendering.key, rendering.clip())
      return
    }
    this.counters.add(rendering.signal.aborted ? 'sentencesGivenUp' : 'sentencesFailed')
    rendering.end(
      new SpeechError(`a sentence could not be spoken by ${this.#engine.name}: ${error.message}`, { cause: error }),
    )
  }

  #remember(key: string, clip: AudioClip): void {
    this.#memory.set(key, clip, clip.data.byteLength)
  }

  #keep(key: string, clip: AudioClip): void {
    this.#remember(key, clip)
    if (this.#disk === undefined) return
    const writing = this.#disk.write(key, clip).finally(() => this.#writing.delete(writing))
    this.#writing.add(writing)
  }

  #remove(rendering: Rendering): void {
    if (this.#renderings.get(rendering.key) === rendering) this.#renderings.delete(rendering.key)
    if (this.#renderings.size > 0) return
    clearInterval(this.#rounds)
    this.#rounds = undefined
  }

  /** Whoever has gone without a word is not waited for. */
  #askAround(): void {
    for (const rendering of [...this.#renderings.values()]) rendering.askAround()
  }
}

/** How fast voices can speak and be understood. */
const SLOWEST = 0.25
const FASTEST = 4

function within(rate: number): number {
  return Math.min(FASTEST, Math.max(SLOWEST, rate))
}

const ROUNDS_MS = 200

function keyOf({ name, version }: SpeechEngine, { text, voice, rate, sampleRateHz }: SpokenSentence): string {
  return createHash('sha256')
    .update(JSON.stringify([name, version, voice, rate, sampleRateHz, text]))
    .digest('hex')
}

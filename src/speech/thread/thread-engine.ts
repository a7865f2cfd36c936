import { Worker } from 'node:worker_threads'
import { builtFrom } from '../../kit/index.ts'
import { BlockChannel } from '../block-channel.ts'
import { createEngine, type EngineSettings } from '../engines/engine-settings.ts'
import type { SpeechBlock, SpeechCapabilities, SpeechEngine, SpeechVoice, SpokenSentence } from '../speech-engine.ts'
import type { FromSpeechThread, ToSpeechThread } from './thread-messages.ts'

export interface ThreadEngineOptions {
  /** How many threads speak at most. Default 1. */
  readonly threads?: number
  /**
   * A thread that says nothing for so long in the middle of a sentence is ended, in ms. Default 30,000, or ten seconds more
   * than the engine itself allows.
   */
  readonly silentForMs?: number
  /** A thread that has had nothing to say for so long ends, and is started again when it is needed, in ms. Default 300,000. */
  readonly idleMs?: number
  /** The built thread. Default: the one of this package. */
  readonly script?: URL
  /** Hears that a thread has died; it is replaced when it is needed again. */
  readonly onDied?: (reason: string) => void
}

/**
 * An engine in threads of its own, each of which is started when a sentence finds the others busy: making speech takes
 * longer than calls can wait. A thread that dies ends what it was speaking with an error, and nothing else.
 */
export class ThreadEngine implements SpeechEngine {
  readonly name: string
  readonly version: string
  readonly voices: readonly SpeechVoice[]
  readonly defaultVoice: string
  readonly language: string
  readonly capabilities: SpeechCapabilities
  readonly #settings: EngineSettings
  readonly #most: number
  readonly #limits: ThreadLimits
  readonly #script: URL
  readonly #onDied: (reason: string) => void
  readonly #threads = new Set<SpeechThread>()
  #isClosed = false

  constructor(settings: EngineSettings, options: ThreadEngineOptions = {}) {
    const { name, version, voices, defaultVoice, language, capabilities } = createEngine(settings)
    this.name = name
    this.version = version
    this.voices = voices
    this.defaultVoice = defaultVoice
    this.language = language
    this.#settings = settings
    this.#most = options.threads ?? 1
    const ownPatienceMs = ('timeoutMs' in settings && settings.timeoutMs) || 0
    this.#limits = {
      silentForMs: options.silentForMs ?? Math.max(30_000, ownPatienceMs + 10_000),
      idleMs: options.idleMs ?? 300_000,
    }
    this.#script = options.script ?? new URL('./thread.js', builtFrom(import.meta.url))
    this.#onDied = options.onDied ?? (() => {})
    this.capabilities = { ...capabilities, parallel: capabilities.parallel * this.#most }
  }

  /** How many threads there are now. */
  get threads(): number {
    return this.#threads.size
  }

  speak(sentence: SpokenSentence, signal: AbortSignal): AsyncIterable<SpeechBlock> {
    if (this.#isClosed) throw new Error('the speech engine is closed')
    return this.#free().speak(sentence, signal)
  }

  async close(): Promise<void> {
    this.#isClosed = true
    await Promise.all([...this.#threads].map((thread) => thread.close()))
  }

  #free(): SpeechThread {
    const [best] = [...this.#threads].sort((one, other) => one.busy - other.busy)
    if (best !== undefined && (best.busy === 0 || this.#threads.size === this.#most)) return best
    const thread = new SpeechThread(this.#script, this.#settings, this.#limits, {
      onIdle: () => {
        this.#threads.delete(thread)
        void thread.close()
      },
      onEnded: (reason) => {
        if (this.#threads.delete(thread) && !this.#isClosed) this.#onDied(reason)
      },
    })
    this.#threads.add(thread)
    return thread
  }
}

interface ThreadLimits {
  readonly silentForMs: number
  readonly idleMs: number
}

interface ThreadListener {
  /** It has had nothing to say for long. */
  onIdle(): void
  onEnded(reason: string): void
}

/** One thread, from its start to its end. */
class SpeechThread {
  readonly #worker: Worker
  readonly #limits: ThreadLimits
  readonly #listener: ThreadListener
  readonly #speaking = new Map<number, { blocks: BlockChannel<SpeechBlock>; sampleRateHz: number }>()
  readonly #exited: Promise<void>
  #reason = 'the speech thread has ended'
  #nextId = 1
  #watch: NodeJS.Timeout | undefined
  #onClosed: () => void = () => {}

  constructor(script: URL, settings: EngineSettings, limits: ThreadLimits, listener: ThreadListener) {
    this.#limits = limits
    this.#listener = listener
    this.#worker = new Worker(script, { name: 'ringdown-speech', workerData: settings })
    this.#worker.unref()
    this.#worker.on('message', (message: FromSpeechThread) => this.#take(message))
    this.#worker.on('error', (error) => {
      this.#reason = `the speech thread has died: ${error instanceof Error ? error.message : String(error)}`
    })
    this.#exited = new Promise((resolve) => this.#worker.once('exit', () => resolve(this.#ended())))
  }

  /** How many sentences it is speaking. */
  get busy(): number {
    return this.#speaking.size
  }

  speak(sentence: SpokenSentence, signal: AbortSignal): AsyncIterable<SpeechBlock> {
    const id = this.#nextId++
    const blocks = new BlockChannel<SpeechBlock>()
    this.#speaking.set(id, { blocks, sampleRateHz: sentence.sampleRateHz })
    this.#send({ type: 'speak', id, sentence })
    signal.addEventListener('abort', () => this.#send({ type: 'stop', id }), { once: true })
    this.#await()
    return blocks
  }

  async close(): Promise<void> {
    clearTimeout(this.#watch)
    const closed = new Promise<void>((resolve) => {
      this.#onClosed = resolve
      setTimeout(resolve, CLOSING_MS).unref()
    })
    this.#send({ type: 'close' })
    await Promise.race([closed, this.#exited])
    await this.#worker.terminate()
    await this.#exited
  }

  #send(message: ToSpeechThread): void {
    this.#worker.postMessage(message)
  }

  #take(message: FromSpeechThread): void {
    if (message.type === 'closed') {
      this.#onClosed()
      return
    }
    const { id } = message
    const sentence = this.#speaking.get(id)
    if (message.type === 'samples')
      sentence?.blocks.push({ samples: message.samples, sampleRateHz: sentence.sampleRateHz })
    else {
      sentence?.blocks.end(message.error === undefined ? undefined : new Error(message.error))
      this.#speaking.delete(id)
    }
    this.#await()
  }

  /** Of a sentence that is being spoken, something is to come: soon, or it never will. */
  #await(): void {
    clearTimeout(this.#watch)
    const { silentForMs, idleMs } = this.#limits
    this.#watch =
      this.#speaking.size === 0
        ? setTimeout(() => this.#listener.onIdle(), idleMs)
        : setTimeout(() => {
            this.#reason = `the speech thread has said nothing for ${silentForMs} ms and was ended`
            void this.#worker.terminate()
          }, silentForMs)
    this.#watch.unref()
  }

  #ended(): void {
    clearTimeout(this.#watch)
    for (const { blocks } of this.#speaking.values()) blocks.end(new Error(this.#reason))
    this.#speaking.clear()
    this.#listener.onEnded(this.#reason)
  }
}

/** How long an engine may take to end its programs and connections. */
const CLOSING_MS = 1000

import { Worker } from 'node:worker_threads'
import type { MediaFileFacts, ReadOptions } from '../../../calls/index.ts'
import { builtFrom } from '../../../kit/index.ts'
import { type AudioClip, type AudioStream, endStream } from '../../../media/index.ts'
import type { VaultOptions } from '../seal/file-vault.ts'
import type { AudioFiles, FedStream } from './audio-files.ts'
import type { FromFileThread, ToFileThread } from './thread-messages.ts'

export interface ThreadAudioFilesOptions {
  /** The built thread. Default: the one beside this file. */
  readonly script?: URL
  /** The keys of encrypted files. Default: none. */
  readonly vault?: VaultOptions
  /** Hears that the thread has died; it is replaced when it is needed again. */
  readonly onDied?: (reason: string) => void
}

interface Answer {
  readonly clip?: AudioClip
  readonly stream?: AudioStream
  readonly facts?: MediaFileFacts
}
type Request = ToFileThread extends infer Message ? (Message extends ToFileThread ? Omit<Message, 'id'> : never) : never

/**
 * Reads sound files in a thread of its own, which is started by the first: decompressing and converting take more than
 * calls can wait, and an application that blocks the main thread stops no music. A thread that dies ends what it was
 * reading with an error, and nothing else.
 */
export class ThreadAudioFiles implements AudioFiles {
  readonly #script: URL
  readonly #onDied: (reason: string) => void
  readonly #vault: VaultOptions
  readonly #waiting = new Map<number, { resolve: (answer: Answer) => void; reject: (error: Error) => void }>()
  readonly #streams = new Map<number, AudioStream>()
  #worker: Worker | undefined
  #nextId = 1
  #isClosed = false

  constructor({
    script = new URL('./thread.js', builtFrom(import.meta.url)),
    vault = {},
    onDied = () => {},
  }: ThreadAudioFilesOptions = {}) {
    this.#script = script
    this.#onDied = onDied
    this.#vault = vault
  }

  async load(
    path: string,
    name: string,
    mostSamples: number,
    mostHz: 8000 | 16_000 = 8000,
  ): Promise<AudioClip | undefined> {
    const { clip } = await this.#ask({ type: 'load', path, name, most: mostSamples, mostHz })
    return clip
  }

  async stream(path: string, name: string, how: ReadOptions): Promise<FedStream> {
    const id = this.#nextId
    const worker = this.#running()
    const { stream } = await this.#ask({ type: 'stream', path, name, how })
    if (stream === undefined) throw new Error('the file thread has answered wrongly')
    this.#streams.set(id, stream)
    return {
      stream,
      stop: async () => {
        this.#streams.delete(id)
        if (this.#worker !== worker) throw new Error('the file thread has died')
        await this.#ask({ type: 'stop', stream: id })
      },
    }
  }

  async inspect(path: string, name: string): Promise<MediaFileFacts> {
    const { facts } = await this.#ask({ type: 'inspect', path, name })
    if (facts === undefined) throw new Error('the file thread has answered wrongly')
    return facts
  }

  async close(): Promise<void> {
    this.#isClosed = true
    await this.#worker?.terminate()
  }

  #ask(request: Request): Promise<Answer> {
    const id = this.#nextId++
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject })
      this.#running().postMessage({ ...request, id })
    })
  }

  #running(): Worker {
    if (this.#isClosed) throw new Error('the media store is closed')
    this.#worker ??= this.#start()
    return this.#worker
  }

  #start(): Worker {
    const worker = new Worker(this.#script, {
      name: 'ringdown-files',
      workerData: this.#vault,
      resourceLimits: { maxOldGenerationSizeMb: 256 },
    })
    let reason = 'the file thread has ended'
    worker.unref()
    worker.on('message', (message: FromFileThread) => {
      const waiting = this.#waiting.get(message.id)
      this.#waiting.delete(message.id)
      if ('error' in message) waiting?.reject(new Error(message.error))
      else waiting?.resolve(message)
    })
    worker.on('error', (error) => {
      reason = `the file thread has died: ${error instanceof Error ? error.message : String(error)}`
    })
    worker.once('exit', () => this.#ended(reason))
    return worker
  }

  #ended(reason: string): void {
    this.#worker = undefined
    for (const { reject } of this.#waiting.values()) reject(new Error(reason))
    this.#waiting.clear()
    for (const stream of this.#streams.values()) endStream(stream)
    this.#streams.clear()
    if (!this.#isClosed) this.#onDied(reason)
  }
}

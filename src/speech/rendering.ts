import type { AudioClip } from '../media/index.ts'
import { BlockChannel } from './block-channel.ts'
import type { SpokenSentence } from './speech-engine.ts'

/** Someone who waits for a sentence. */
export interface Listener {
  /** When it should be there, in ms on the clock of the queue: sentences are spoken in this order. */
  readonly dueMs: number
  /** False when it waits no more, although it has not said so. */
  readonly isWanted: () => boolean
}

/**
 * A sentence on its way: from the moment that somebody wants it until all of it is there. Whoever else wants the same
 * joins; when nobody does any more, it is given up.
 */
export class Rendering {
  readonly key: string
  readonly sentence: SpokenSentence
  /** Nothing of it is kept. */
  readonly isPrivate: boolean
  /** Aborted when nobody wants it any more. */
  readonly #abort = new AbortController()
  readonly #listeners = new Set<Listener>()
  readonly #blocks = new BlockChannel<Int16Array>()
  #clip: AudioClip | undefined

  constructor(key: string, sentence: SpokenSentence, isPrivate: boolean) {
    this.key = key
    this.sentence = sentence
    this.isPrivate = isPrivate
  }

  /** When the one of its listeners that is in the greatest hurry needs it. */
  get dueMs(): number {
    return Math.min(...[...this.#listeners].map(({ dueMs }) => dueMs))
  }

  get signal(): AbortSignal {
    return this.#abort.signal
  }

  get isEnded(): boolean {
    return this.#blocks.isEnded
  }

  add(listener: Listener): void {
    this.#listeners.add(listener)
  }

  /** `listener` waits no more. */
  leave(listener: Listener): void {
    this.#listeners.delete(listener)
    if (this.#listeners.size === 0 && !this.isEnded) this.#abort.abort()
  }

  /** Lets go of those who have gone without a word. */
  askAround(): void {
    for (const listener of [...this.#listeners]) if (!listener.isWanted()) this.leave(listener)
  }

  /** The next samples have been made. */
  push(samples: Int16Array): void {
    this.#blocks.push(samples)
  }

  /** All of it is there, or no more will come: the first end counts. */
  end(error?: Error): void {
    this.#blocks.end(error)
  }

  /** It has been kept since another time. */
  endWith(clip: AudioClip): void {
    this.#clip = clip
    this.#blocks.push(clip.data as Int16Array)
    this.#blocks.end()
  }

  /** What is there, and what comes, from the beginning. */
  samples(): AsyncGenerator<Int16Array> {
    return this.#blocks[Symbol.asyncIterator]()
  }

  /** All of it on shared memory, when it has ended well. */
  clip(): AudioClip {
    if (this.#clip !== undefined) return this.#clip
    const blocks = this.#blocks.values
    const length = blocks.reduce((sum, block) => sum + block.length, 0)
    const data = new Int16Array(new SharedArrayBuffer(2 * length))
    let at = 0
    for (const block of blocks) {
      data.set(block, at)
      at += block.length
    }
    this.#clip = { encoding: 'pcm16', sampleRateHz: this.sentence.sampleRateHz, data }
    return this.#clip
  }
}

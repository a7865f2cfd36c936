import { type AudioStream, createAudioStream, endStream, StreamWriter } from '../../../media/index.ts'
import type { AudioSource } from './audio-source.ts'

/** What a ring is filled from. */
export type FedSource = Pick<AudioSource, 'encoding' | 'sampleRateHz' | 'read' | 'rewind' | 'close'>

/**
 * Reads a long file ahead of whoever plays it: into a ring of four seconds, which is what it takes of memory whatever
 * the length of the file. A disk that stalls for less is not heard.
 *
 * A file that cannot be read further ends the stream early; {@link stop} says why.
 */
export class Feeder {
  readonly stream: AudioStream
  readonly #source: FedSource
  readonly #loop: boolean
  readonly #startMs: number
  readonly #writer: StreamWriter
  #isStopped = false
  #wake: () => void = () => {}
  #failure: Error | undefined
  readonly #done: Promise<void>
  #onFirst: () => void = () => {}
  /** Resolves when there is something to play, or never will be. */
  readonly begun: Promise<void>

  /** The feeder takes the source over, and begins at once. */
  constructor(source: FedSource, loop: boolean, startMs = 0, stream: AudioStream = streamFor(source)) {
    this.stream = stream
    this.#source = source
    this.#loop = loop
    this.#startMs = startMs
    this.#writer = new StreamWriter(stream)
    this.begun = new Promise((resolve) => {
      this.#onFirst = resolve
    })
    this.#done = this.#run()
  }

  /**
   * Stops reading and closes the file.
   * @throws Error saying why the file could not be read to its end, if that was so before
   */
  async stop(): Promise<void> {
    this.#isStopped = true
    this.#wake()
    await this.#done
    if (this.#failure !== undefined) throw this.#failure
  }

  async #run(): Promise<void> {
    try {
      await this.#feed()
    } catch (error) {
      this.#failure = error as Error
    }
    endStream(this.stream)
    this.#onFirst()
    await this.#source.close().catch(() => {})
  }

  async #feed(): Promise<void> {
    if (this.#startMs > 0) this.#source.rewind(this.#startMs)
    // What begins behind its end may all the same have a beginning.
    let isEmpty = this.#startMs === 0
    while (!this.#isStopped) {
      const block = await this.#source.read()
      if (block !== undefined) {
        isEmpty = false
        await this.#put(block)
      } else if (this.#loop && !isEmpty) {
        isEmpty = true
        this.#source.rewind()
      } else return
    }
  }

  async #put(block: Int16Array | Uint8Array): Promise<void> {
    for (let at = 0; at < block.length && !this.#isStopped; ) {
      const count = Math.min(this.#writer.room, block.length - at)
      this.#writer.write(block, at, count)
      at += count
      this.#onFirst()
      if (at < block.length) await this.#pause()
    }
  }

  /** Until some of the ring has been played. */
  #pause(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, PAUSE_MS)
      this.#wake = () => {
        clearTimeout(timer)
        resolve()
      }
      if (this.#isStopped) this.#wake()
    })
  }
}

/** The ring that suits a source. */
function streamFor({ encoding, sampleRateHz }: FedSource): AudioStream {
  return createAudioStream(encoding, (RING_SAMPLES * sampleRateHz) / 8000, sampleRateHz)
}

/** 4.1 s at 8 kHz: 32 kB of G.711, 64 kB of 16-bit samples. Twice that at 16 kHz. */
const RING_SAMPLES = 32_768
const PAUSE_MS = 250

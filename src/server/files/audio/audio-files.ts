import type { MediaFileFacts, ReadOptions } from '../../../calls/index.ts'
import type { AudioClip, AudioStream } from '../../../media/index.ts'
import { openAudioSource } from './audio-source.ts'
import { DiskFile, type ReadableFile } from './disk-file.ts'
import { Feeder } from './feeder.ts'
import { inspectAudio, unreadable } from './inspect-audio.ts'
import { loadClip } from './load-clip.ts'

/** Reads sound files for players: the short ones as a whole, the long ones while they play. */
export interface AudioFiles {
  /**
   * @param name says what raw G.711 is, by its ending
   * @param mostHz as for {@link openAudioSource}; default 8,000
   * @returns `undefined` when the file is longer than `mostSamples` at 8 kHz
   * @throws Error saying what is wrong with the file
   */
  load(path: string, name: string, mostSamples: number, mostHz?: 8000 | 16_000): Promise<AudioClip | undefined>
  /**
   * Resolves when there is something to play.
   * @throws Error saying what is wrong with the file
   */
  stream(path: string, name: string, how: ReadOptions): Promise<FedStream>
  /**
   * Reads a file to its end and tells what it is.
   * @throws Error when it cannot be opened
   */
  inspect(path: string, name: string): Promise<MediaFileFacts>
  /** Ends what is still read. */
  close(): Promise<void>
}

/** A stream, and whoever fills it. */
export interface FedStream {
  readonly stream: AudioStream
  /**
   * Nobody plays it any more.
   * @throws Error saying why the file could not be read to its end
   */
  stop(): Promise<void>
}

/** Reads them in this thread. */
export class LocalAudioFiles implements AudioFiles {
  readonly #open: (path: string) => Promise<ReadableFile>
  readonly #feeders = new Set<Feeder>()

  /** @param open what opens files; default: the disk */
  constructor(open: (path: string) => Promise<ReadableFile> = (path) => DiskFile.open(path)) {
    this.#open = open
  }

  async load(path: string, name: string, mostSamples: number, mostHz?: 8000 | 16_000): Promise<AudioClip | undefined> {
    const source = await openAudioSource(await this.#open(path), name, mostHz)
    try {
      return await loadClip(source, mostSamples)
    } finally {
      await source.close()
    }
  }

  async stream(path: string, name: string, { loop, mostHz, startMs }: ReadOptions): Promise<FedStream> {
    const feeder = new Feeder(await openAudioSource(await this.#open(path), name, mostHz), loop, startMs)
    this.#feeders.add(feeder)
    await feeder.begun
    return {
      stream: feeder.stream,
      stop: async () => {
        this.#feeders.delete(feeder)
        await feeder.stop()
      },
    }
  }

  async inspect(path: string, name: string): Promise<MediaFileFacts> {
    let file: ReadableFile
    try {
      file = await this.#open(path)
    } catch (error) {
      // What the file system says is no fact about the file; that it does not decrypt is one.
      if ((error as NodeJS.ErrnoException).code !== undefined) throw error
      return unreadable(error)
    }
    return inspectAudio(file, name)
  }

  async close(): Promise<void> {
    await Promise.all([...this.#feeders].map((feeder) => feeder.stop().catch(() => {})))
    this.#feeders.clear()
  }
}

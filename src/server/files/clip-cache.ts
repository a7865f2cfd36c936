import { RecentCache } from '../../kit/index.ts'
import type { AudioClip } from '../../media/index.ts'

interface Entry {
  readonly clip: AudioClip
  readonly modifiedMs: number
  readonly bytes: number
}

/**
 * Decoded files, up to a number of bytes; those not used for longest go first. A file that has changed on disk is not
 * found any more. The clips stand on shared memory, so what is cached here is what the media workers play.
 */
export class ClipCache {
  readonly #entries: RecentCache<Entry>

  /** @param capacity bytes of audio; 0 keeps nothing */
  constructor(capacity: number) {
    this.#entries = new RecentCache(capacity)
  }

  /** Bytes of audio that are kept. */
  get size(): number {
    return this.#entries.size
  }

  get(path: string, modifiedMs: number, bytes: number): AudioClip | undefined {
    const entry = this.#entries.get(path)
    return entry?.modifiedMs === modifiedMs && entry.bytes === bytes ? entry.clip : undefined
  }

  set(path: string, modifiedMs: number, bytes: number, clip: AudioClip): void {
    this.#entries.set(path, { clip, modifiedMs, bytes }, clip.data.byteLength)
  }
}

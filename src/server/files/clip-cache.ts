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
  readonly #capacity: number
  readonly #entries = new Map<string, Entry>()
  #size = 0

  /** @param capacity bytes of audio; 0 keeps nothing */
  constructor(capacity: number) {
    this.#capacity = capacity
  }

  /** Bytes of audio that are kept. */
  get size(): number {
    return this.#size
  }

  get(path: string, modifiedMs: number, bytes: number): AudioClip | undefined {
    const entry = this.#entries.get(path)
    if (entry === undefined || entry.modifiedMs !== modifiedMs || entry.bytes !== bytes) return undefined
    this.#entries.delete(path)
    this.#entries.set(path, entry)
    return entry.clip
  }

  set(path: string, modifiedMs: number, bytes: number, clip: AudioClip): void {
    this.#delete(path)
    if (clip.data.byteLength > this.#capacity) return
    this.#entries.set(path, { clip, modifiedMs, bytes })
    this.#size += clip.data.byteLength
    while (this.#size > this.#capacity) this.#delete(this.#entries.keys().next().value as string)
  }

  #delete(path: string): void {
    const entry = this.#entries.get(path)
    if (entry === undefined) return
    this.#entries.delete(path)
    this.#size -= entry.clip.data.byteLength
  }
}

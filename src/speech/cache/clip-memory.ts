import type { AudioClip } from '../../media/index.ts'

/** What was spoken lately, up to a number of bytes; what was not used for longest goes first. */
export class ClipMemory {
  readonly #capacity: number
  readonly #clips = new Map<string, AudioClip>()
  #size = 0

  /** @param capacity bytes of audio; 0 keeps nothing */
  constructor(capacity: number) {
    this.#capacity = capacity
  }

  /** Bytes of audio that are kept. */
  get size(): number {
    return this.#size
  }

  get(key: string): AudioClip | undefined {
    const clip = this.#clips.get(key)
    if (clip === undefined) return undefined
    this.#clips.delete(key)
    this.#clips.set(key, clip)
    return clip
  }

  set(key: string, clip: AudioClip): void {
    this.#delete(key)
    if (clip.data.byteLength > this.#capacity) return
    this.#clips.set(key, clip)
    this.#size += clip.data.byteLength
    while (this.#size > this.#capacity) this.#delete(this.#clips.keys().next().value as string)
  }

  #delete(key: string): void {
    const clip = this.#clips.get(key)
    if (clip === undefined) return
    this.#clips.delete(key)
    this.#size -= clip.data.byteLength
  }
}

import { PER_MS } from './sound.ts'
import type { Span } from './truth.ts'

/** Active speech on a timeline has this level; the channel then moves all of it to where the call wants it. */
export const NOMINAL_DBM0 = -20

/** What the far end sends, put together piece by piece, with what is true of it. */
export class Timeline {
  readonly speech: (Span & { readonly by: 'person' | 'machine' | 'network' })[] = []
  readonly tones: (Span & { readonly name: string })[] = []
  greetingEndMs: number | undefined
  beep: (Span & { readonly levelDbm0: number }) | undefined
  answeredAtMs = 0
  pickedUpAtMs = 0
  joinedAtMs: number | undefined
  words = 0
  wordsAreKnown = true
  #samples = new Float32Array(8000 * 16)
  #length = 0

  get nowMs(): number {
    return this.#length / PER_MS
  }

  /** All that was put on it so far. */
  get samples(): Float32Array {
    return this.#samples.subarray(0, this.#length)
  }

  /** 200 OK. The far end picks up at the same moment, if nothing else is said later. */
  answer(): void {
    this.answeredAtMs = this.nowMs
    this.pickedUpAtMs = this.nowMs
    // Whoever counts words counts those of the far end.
    this.words = 0
    this.wordsAreKnown = true
  }

  pickUp(): void {
    this.pickedUpAtMs = this.nowMs
  }

  silence(ms: number): void {
    this.#grow(Math.round(ms * PER_MS))
  }

  /** Adds a sound, `tone` by its name where it is one. */
  sound(samples: ArrayLike<number>, tone?: string): Span {
    const startMs = this.nowMs
    const at = this.#grow(samples.length)
    this.#samples.set(samples as Float32Array, at)
    const span = { startMs, endMs: this.nowMs }
    if (tone !== undefined) this.tones.push({ ...span, name: tone })
    return span
  }

  /** Adds `samples` under what has been put from `fromMs` on. */
  under(samples: ArrayLike<number>, fromMs: number): void {
    const at = Math.round(fromMs * PER_MS)
    for (let i = 0; i < samples.length && at + i < this.#length; i++)
      this.#samples[at + i] = this.#samples[at + i]! + samples[i]!
  }

  /** @returns where the new samples begin */
  #grow(count: number): number {
    const at = this.#length
    this.#length += count
    if (this.#length > this.#samples.length) {
      const grown = new Float32Array(2 * this.#length)
      grown.set(this.#samples)
      this.#samples = grown
    }
    return at
  }
}

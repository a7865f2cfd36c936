import { atRate } from './at-rate.ts'
import type { Rendering } from './rendering.ts'
import type { SpeechEngine } from './speech-engine.ts'

/**
 * What waits to be spoken, sentence by sentence: the one that is due first comes first, whatever text it belongs to. So
 * a long text holds nobody up, and who hears one already comes before who would hear silence only later.
 */
export class SentenceQueue {
  readonly #engine: SpeechEngine
  readonly #onEnded: (rendering: Rendering, error?: Error) => void
  readonly #waiting: Rendering[] = []
  readonly #speaking = new Set<Rendering>()

  /** @param onEnded hears when a sentence is there as a whole, and when it has failed; it may not throw */
  constructor(engine: SpeechEngine, onEnded: (rendering: Rendering, error?: Error) => void) {
    this.#engine = engine
    this.#onEnded = onEnded
  }

  /** How many wait. */
  get waiting(): number {
    return this.#waiting.length
  }

  /** How many are being spoken. */
  get speaking(): number {
    return this.#speaking.size
  }

  add(rendering: Rendering): void {
    if (rendering.signal.aborted) {
      this.#onEnded(rendering, new Error(GIVEN_UP))
      return
    }
    this.#waiting.push(rendering)
    rendering.signal.addEventListener('abort', () => this.#giveUp(rendering), { once: true })
    this.#next()
  }

  #giveUp(rendering: Rendering): void {
    const at = this.#waiting.indexOf(rendering)
    if (at < 0) return
    this.#waiting.splice(at, 1)
    this.#onEnded(rendering, new Error(GIVEN_UP))
  }

  #next(): void {
    while (this.#waiting.length > 0 && this.#speaking.size < this.#engine.capabilities.parallel) {
      const rendering = this.#mostUrgent()
      this.#speaking.add(rendering)
      void this.#speak(rendering).then((error) => {
        this.#speaking.delete(rendering)
        this.#onEnded(rendering, error)
        this.#next()
      })
    }
  }

  /** Who is due first; of those who are due at once, the one that came first. */
  #mostUrgent(): Rendering {
    let best = 0
    let dueMs = Number.POSITIVE_INFINITY
    for (const [at, rendering] of this.#waiting.entries()) {
      if (rendering.dueMs >= dueMs) continue
      dueMs = rendering.dueMs
      best = at
    }
    return this.#waiting.splice(best, 1)[0] as Rendering
  }

  async #speak(rendering: Rendering): Promise<Error | undefined> {
    const { sentence, signal } = rendering
    try {
      for await (const samples of atRate(this.#engine.speak(sentence, signal), sentence.sampleRateHz))
        rendering.push(samples)
      return signal.aborted ? new Error(GIVEN_UP) : undefined
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error))
    }
  }
}

const GIVEN_UP = 'nobody waits for it any more'

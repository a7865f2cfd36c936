import { SyntheticSpeech, type TestExchange } from '../../testing/index.ts'
import type { Playable, SpokenAs } from '../index.ts'

/** Speech that takes its time to be rendered, and is kept unless it is private, as the server does it. */
export class SlowSpeech extends SyntheticSpeech {
  pbx: TestExchange | undefined
  /** Of what was opened. */
  closed = 0
  wasWanted: boolean | undefined
  readonly #takesMs: number
  readonly #error: Error | undefined
  readonly #rendered = new Map<string, Promise<void> | undefined>()

  constructor(takesMs: number, error?: Error) {
    super()
    this.#takesMs = takesMs
    this.#error = error
  }

  override async say(text: string, how: SpokenAs): Promise<Playable> {
    await this.#render(text, how)
    this.wasWanted = how.isWanted?.()
    if (this.#error !== undefined) throw this.#error
    const playable = await super.say(text, how)
    const close = async () => {
      this.closed++
      await playable.close()
    }
    return { ...playable, close }
  }

  override async prepare(text: string, how: Omit<SpokenAs, 'loop' | 'private'>): Promise<void> {
    await super.prepare(text, how)
    await this.#render(text, how)
  }

  async #render(text: string, how: Pick<SpokenAs, 'mostHz' | 'private'>): Promise<void> {
    const key = `${how.mostHz} ${text}`
    const rendering = this.#rendered.get(key) ?? this.pbx?.sleep(this.#takesMs)
    if (how.private !== true) this.#rendered.set(key, rendering)
    await rendering
  }
}

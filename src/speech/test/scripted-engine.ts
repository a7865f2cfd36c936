import type { SpeechBlock, SpeechEngine, SpokenSentence } from '../speech-engine.ts'

/** A sentence that a test has in its hands. */
export interface Asked {
  readonly sentence: SpokenSentence
  readonly signal: AbortSignal
  /** Gives it a block of so many samples of a value, at the rate that was wanted. */
  say(length: number, value?: number): void
  end(error?: Error): void
}

/** An engine that speaks when the test says so. */
export class ScriptedEngine implements SpeechEngine {
  readonly name = 'scripted'
  readonly version: string = '1'
  readonly voices = [
    { name: 'anna', language: 'en-GB', gender: 'female' },
    { name: 'karl', language: 'de-DE' },
  ] as const
  readonly defaultVoice = 'anna'
  readonly language = 'en-GB'
  readonly capabilities
  readonly asked: Asked[] = []
  isClosed = false

  constructor({ parallel = 1, isStreaming = false } = {}) {
    this.capabilities = { parallel, isStreaming }
  }

  /** What it was asked to speak, in order. */
  get texts(): string[] {
    return this.asked.map(({ sentence }) => sentence.text)
  }

  async *speak(sentence: SpokenSentence, signal: AbortSignal): AsyncGenerator<SpeechBlock> {
    const blocks: SpeechBlock[] = []
    let end: { error?: Error } | undefined
    let wake: () => void = () => {}
    this.asked.push({
      sentence,
      signal,
      say: (length, value = 1) => {
        blocks.push({ samples: new Int16Array(length).fill(value), sampleRateHz: sentence.sampleRateHz })
        wake()
      },
      end: (error) => {
        end = error === undefined ? {} : { error }
        wake()
      },
    })
    signal.addEventListener('abort', () => wake())
    for (;;) {
      const block = blocks.shift()
      if (block !== undefined) yield block
      else if (signal.aborted) return
      else if (end?.error !== undefined) throw end.error
      else if (end !== undefined) return
      else
        await new Promise<void>((resolve) => {
          wake = resolve
        })
    }
  }

  async close(): Promise<void> {
    this.isClosed = true
  }
}

/** An engine that speaks at once: 10 samples for a character. */
export class PromptEngine implements SpeechEngine {
  readonly name = 'prompt'
  readonly version = '1'
  readonly voices = []
  readonly defaultVoice = 'any'
  readonly language = 'en'
  readonly capabilities = { parallel: 1, isStreaming: false }
  readonly texts: string[] = []

  async *speak({ text, sampleRateHz }: SpokenSentence): AsyncGenerator<SpeechBlock> {
    this.texts.push(text)
    yield { samples: new Int16Array(10 * text.length).fill(text.charCodeAt(0)), sampleRateHz }
  }

  async close(): Promise<void> {}
}

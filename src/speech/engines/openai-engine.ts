import type { SpeechBlock, SpeechCapabilities, SpeechEngine, SpeechVoice, SpokenSentence } from '../speech-engine.ts'
import { type AudioFormat, speechIn } from './audio-bytes.ts'
import { readSecret, type SecretSettings } from './secret.ts'
import { type VoiceSettings, versionOf, voicesOf } from './voice-settings.ts'

/** A service that speaks as that of OpenAI does (`POST /v1/audio/speech`): theirs, and many that run in the house. */
export interface OpenAiSettings extends VoiceSettings, SecretSettings {
  readonly type: 'openai'
  /** Up to before `/audio/speech`, such as `http://127.0.0.1:8880/v1`. */
  readonly url: string
  readonly model: string
  /** What is asked for. Default `wav`; with a sample rate, `pcm`: theirs has 24,000 Hz. */
  readonly output?: AudioFormat
  /** How long a sentence may take, in ms. Default 15,000. */
  readonly timeoutMs?: number
  /** How many sentences are asked for at a time. Default 8. */
  readonly parallel?: number
}

/** Speaks through an HTTP service. What comes is heard while it comes. */
export class OpenAiEngine implements SpeechEngine {
  readonly name = 'openai'
  readonly version: string
  readonly voices: readonly SpeechVoice[]
  readonly defaultVoice: string
  readonly language: string
  readonly capabilities: SpeechCapabilities
  readonly #settings: OpenAiSettings
  readonly #stop = new AbortController()

  constructor(settings: OpenAiSettings) {
    const { voices, defaultVoice, language } = voicesOf(settings)
    this.version = versionOf([settings.url, settings.model])
    this.voices = voices
    this.defaultVoice = defaultVoice
    this.language = language
    this.capabilities = { parallel: settings.parallel ?? 8, isStreaming: true }
    this.#settings = settings
  }

  async *speak({ text, voice, rate }: SpokenSentence, signal: AbortSignal): AsyncGenerator<SpeechBlock> {
    const { url, model, output = 'wav', timeoutMs = 15_000 } = this.#settings
    const key = readSecret(this.#settings)
    const late = AbortSignal.timeout(timeoutMs)
    try {
      const response = await fetch(`${url.replace(/\/$/, '')}/audio/speech`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...(key !== undefined && { authorization: `Bearer ${key}` }) },
        body: JSON.stringify({
          model,
          input: text,
          voice,
          speed: rate,
          response_format: output === 'wav' ? 'wav' : 'pcm',
        }),
        // The key goes to nobody else.
        redirect: 'error',
        signal: AbortSignal.any([signal, late, this.#stop.signal]),
      })
      if (!response.ok || response.body === null)
        throw new Error(`it answered ${response.status}: ${(await response.text()).slice(0, MOST_SAID)}`)
      yield* speechIn(response.body as AsyncIterable<Uint8Array>, output)
    } catch (error) {
      if (late.aborted) throw new Error(`it took more than ${timeoutMs} ms`)
      const { message, cause } = error as Error & { cause?: Error }
      throw new Error(cause === undefined ? message : `${message}: ${cause.message}`)
    }
  }

  async close(): Promise<void> {
    this.#stop.abort()
  }
}

const MOST_SAID = 300

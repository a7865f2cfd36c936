import { SpeechError } from '../../kit/index.ts'
import { wavHeader } from '../../media/index.ts'
import { readSecret, type SecretSettings } from '../engines/secret.ts'
import type { Recogniser, Utterance, UtteranceOptions, UtteranceWords } from './utterance.ts'

/**
 * A service that recognises speech as that of OpenAI does (`POST /v1/audio/transcriptions`): theirs, and many that run in
 * the house.
 */
export interface OpenAiRecogniserSettings extends SecretSettings {
  readonly type: 'openai'
  /** Up to before `/audio/transcriptions`, such as `http://127.0.0.1:8000/v1`. */
  readonly url: string
  readonly model: string
  /** What is spoken where nothing else is said: a language tag (BCP 47). Default: the service finds out. */
  readonly language?: string
  /** How long an utterance may take once it is over, in ms. Default 15,000. */
  readonly timeoutMs?: number
}

/** Recognises through an HTTP service: an utterance is sent as a WAV file when it is over. */
export class OpenAiRecogniser implements Recogniser {
  readonly #settings: OpenAiRecogniserSettings

  constructor(settings: OpenAiRecogniserSettings) {
    this.#settings = settings
  }

  open(options: UtteranceOptions): Utterance {
    const blocks: Int16Array[] = []
    let length = 0
    const stop = new AbortController()
    return {
      write: (samples) => {
        length += samples.length
        if (length > MOST_SECONDS * options.sampleRateHz)
          throw new SpeechError(`an utterance of more than ${MOST_SECONDS} s cannot be recognised`)
        blocks.push(samples)
      },
      finish: () => this.#recognise(blocks, options, stop.signal),
      abort: () => stop.abort(),
    }
  }

  async #recognise(
    blocks: readonly Int16Array[],
    options: UtteranceOptions,
    signal: AbortSignal,
  ): Promise<UtteranceWords> {
    const { url, timeoutMs = 15_000 } = this.#settings
    const late = AbortSignal.timeout(timeoutMs)
    try {
      const key = readSecret(this.#settings)
      const response = await fetch(`${url.replace(/\/$/, '')}/audio/transcriptions`, {
        method: 'POST',
        headers: key === undefined ? {} : { authorization: `Bearer ${key}` },
        body: this.#form(blocks, options),
        // The key goes to nobody else.
        redirect: 'error',
        signal: AbortSignal.any([signal, late]),
      })
      const text = await response.text()
      if (!response.ok) throw new Error(`it answered ${response.status}: ${text.slice(0, MOST_SAID)}`)
      return wordsOf(text)
    } catch (error) {
      if (late.aborted) throw new SpeechError(`the recogniser took more than ${timeoutMs} ms`)
      const { message, cause } = error as Error & { cause?: Error }
      throw new SpeechError(
        `the recogniser has failed: ${cause === undefined ? message : `${message}: ${cause.message}`}`,
      )
    }
  }

  #form(blocks: readonly Int16Array[], { sampleRateHz, language, phrases = [] }: UtteranceOptions): FormData {
    const { model, language: usual } = this.#settings
    const form = new FormData()
    const octets = blocks.reduce((sum, block) => sum + block.byteLength, 0)
    const parts = [wavHeader('pcm16', octets, sampleRateHz), ...blocks.map(littleEndian)]
    form.set('file', new Blob(parts as ConstructorParameters<typeof Blob>[0], { type: 'audio/wav' }), 'utterance.wav')
    form.set('model', model)
    // Only those of Whisper tell how sure they are.
    form.set('response_format', /whisper/i.test(model) ? 'verbose_json' : 'json')
    // It knows languages, not what countries make of them.
    const spoken = (language ?? usual)?.split('-')[0]
    if (spoken !== undefined) form.set('language', spoken.toLowerCase())
    if (phrases.length > 0) form.set('prompt', phrases.join(', ').slice(0, MOST_PROMPT))
    return form
  }
}

/** @throws Error for anything that is no answer */
function wordsOf(answer: string): UtteranceWords {
  let parsed: { text?: unknown; segments?: unknown }
  try {
    parsed = JSON.parse(answer)
  } catch {
    throw new Error(`its answer is no JSON: ${answer.slice(0, MOST_SAID)}`)
  }
  if (typeof parsed?.text !== 'string') throw new Error(`its answer has no text: ${answer.slice(0, MOST_SAID)}`)
  const confidence = confidenceOf(parsed.segments)
  return { text: parsed.text.trim(), ...(confidence !== undefined && { confidence }) }
}

/** Whisper tells the mean logarithm of the probability of what it wrote down, segment by segment. */
function confidenceOf(segments: unknown): number | undefined {
  if (!Array.isArray(segments)) return undefined
  const logs = segments
    .map((segment: { avg_logprob?: unknown } | null) => segment?.avg_logprob)
    .filter((log): log is number => typeof log === 'number' && Number.isFinite(log))
  if (logs.length === 0) return undefined
  return Math.min(1, Math.exp(logs.reduce((sum, log) => sum + log, 0) / logs.length))
}

function littleEndian(samples: Int16Array): Uint8Array {
  const bytes = new Uint8Array(2 * samples.length)
  const view = new DataView(bytes.buffer)
  for (let i = 0; i < samples.length; i++) view.setInt16(2 * i, samples[i] as number, true)
  return bytes
}

const MOST_SECONDS = 300
const MOST_SAID = 300
/** The service keeps the last 224 tokens of it. */
const MOST_PROMPT = 800

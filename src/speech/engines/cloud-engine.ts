import type { SpeechBlock, SpeechCapabilities, SpeechEngine, SpeechVoice, SpokenSentence } from '../speech-engine.ts'
import { type LoadPeer, loadPeer } from './load-peer.ts'
import { type VoiceSettings, versionOf, voicesOf } from './voice-settings.ts'

/** What all services have that are reached through a package of their maker. */
export interface CloudSettings extends VoiceSettings {
  /** How long a sentence may take, in ms. Default 15,000. */
  readonly timeoutMs?: number
  /** How many sentences are asked for at a time. Default 8. */
  readonly parallel?: number
}

/** A sentence, with the language of its voice. */
export interface Asked extends SpokenSentence {
  readonly language: string
}

/** Asks a service for one sentence. */
export type Ask = (sentence: Asked, signal: AbortSignal) => Promise<SpeechBlock>

/**
 * An engine over a package that is loaded, and a client that is made, when the first sentence is spoken. Who it is that asks
 * is found by the package, where its makers look for that.
 */
export class CloudEngine implements SpeechEngine {
  readonly name: string
  readonly version: string
  readonly voices: readonly SpeechVoice[]
  readonly defaultVoice: string
  readonly language: string
  readonly capabilities: SpeechCapabilities
  readonly #connect: (load: LoadPeer) => Promise<Ask>
  readonly #load: LoadPeer
  readonly #timeoutMs: number
  #ask: Promise<Ask> | undefined

  /** @param variant what else changes how it sounds */
  constructor(
    name: string,
    settings: CloudSettings,
    variant: object,
    connect: (load: LoadPeer) => Promise<Ask>,
    load: LoadPeer = loadPeer,
  ) {
    const { voices, defaultVoice, language } = voicesOf(settings)
    this.name = name
    this.version = versionOf(variant)
    this.voices = voices
    this.defaultVoice = defaultVoice
    this.language = language
    this.capabilities = { parallel: settings.parallel ?? 8, isStreaming: false }
    this.#timeoutMs = settings.timeoutMs ?? 15_000
    this.#connect = connect
    this.#load = load
  }

  async *speak(sentence: SpokenSentence, signal: AbortSignal): AsyncGenerator<SpeechBlock> {
    this.#ask ??= this.#connect(this.#load)
    const asking = this.#ask.then((ask) => {
      const language = this.voices.find(({ name }) => name === sentence.voice)?.language ?? this.language
      return ask({ ...sentence, language }, AbortSignal.any([signal, AbortSignal.timeout(this.#timeoutMs)]))
    })
    // What could not be loaded may be there the next time.
    this.#ask.catch(() => {
      this.#ask = undefined
    })
    yield await before(this.#timeoutMs, asking)
  }

  async close(): Promise<void> {}
}

/** Packages may not heed a signal. */
async function before<Value>(timeoutMs: number, wanted: Promise<Value>): Promise<Value> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`it took more than ${timeoutMs} ms`)), timeoutMs)
  })
  try {
    return await Promise.race([wanted, late])
  } finally {
    clearTimeout(timer)
  }
}

/** 16-bit samples, the lowest octet first. */
export function samplesOf(bytes: Uint8Array): Int16Array {
  const copy = bytes.slice(0, bytes.length & ~1)
  return new Int16Array(copy.buffer, copy.byteOffset, copy.length / 2)
}

/** Plain text as it stands in markup. */
export function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
}

import { join } from 'node:path'
import type { SpeechBlock, SpeechCapabilities, SpeechEngine, SpeechVoice, SpokenSentence } from '../speech-engine.ts'
import { type LoadPeer, loadPeer } from './load-peer.ts'
import { namesInModel } from './model-folder.ts'
import { versionOf } from './voice-settings.ts'

/**
 * A neural model of the operator's own, through the package `sherpa-onnx-node`: VITS (Piper among them) or Kokoro.
 * It speaks in our own process; nothing leaves the house.
 */
export interface SherpaSettings {
  readonly type: 'sherpa'
  /**
   * The folder of the model: one `.onnx` file, `tokens.txt`, and what else came with it: `espeak-ng-data`, `lexicon.txt`,
   * `voices.bin` (then it is Kokoro).
   */
  readonly directory: string
  /** Names for the model's speakers, in their order. Default: one, `default`. */
  readonly voices?: readonly string[]
  readonly voice?: string
  /** What it speaks: a language tag (BCP 47). Default `en-US`. */
  readonly language?: string
  /** Cores for one sentence. Default 1. */
  readonly cores?: number
}

interface Sherpa {
  readonly OfflineTts: new (
    config: object,
  ) => {
    readonly numSpeakers: number
    generate(request: { text: string; sid: number; speed: number; enableExternalBuffer: boolean }): {
      readonly samples: Float32Array
      readonly sampleRate: number
    }
  }
}

/** Speaks with such a model. It blocks while it speaks: run it in a thread ({@link ThreadEngine}). */
export class SherpaEngine implements SpeechEngine {
  readonly name = 'sherpa'
  readonly version: string
  readonly voices: readonly SpeechVoice[]
  readonly defaultVoice: string
  readonly language: string
  readonly capabilities: SpeechCapabilities = { parallel: 1, isStreaming: false }
  readonly #settings: SherpaSettings
  readonly #load: LoadPeer
  #model: Promise<InstanceType<Sherpa['OfflineTts']>> | undefined

  constructor(settings: SherpaSettings, load: LoadPeer = loadPeer) {
    const { voices = ['default'], language = 'en-US', directory } = settings
    this.version = versionOf([directory])
    this.voices = voices.map((name) => ({ name, language }))
    this.defaultVoice = settings.voice ?? voices[0] ?? 'default'
    this.language = language
    this.#settings = settings
    this.#load = load
  }

  async *speak({ text, voice, rate }: SpokenSentence): AsyncGenerator<SpeechBlock> {
    this.#model ??= this.#open()
    this.#model.catch(() => {
      this.#model = undefined
    })
    const model = await this.#model
    const speaker = this.voices.findIndex(({ name }) => name === voice)
    if (speaker < 0 || speaker >= model.numSpeakers)
      throw new Error(`the model has ${model.numSpeakers} speakers, and "${voice}" is none of them`)
    // Memory of the library's own cannot go to another thread.
    const spoken = model.generate({ text, sid: speaker, speed: rate, enableExternalBuffer: false })
    yield { samples: Int16Array.from(spoken.samples, sixteenBits), sampleRateHz: spoken.sampleRate }
  }

  async close(): Promise<void> {
    this.#model = undefined
  }

  async #open(): Promise<InstanceType<Sherpa['OfflineTts']>> {
    const { OfflineTts } = (await this.#load('sherpa-onnx-node')) as Sherpa
    return new OfflineTts({
      model: {
        ...modelIn(this.#settings.directory),
        numThreads: this.#settings.cores ?? 1,
        provider: 'cpu',
        debug: false,
      },
      maxNumSentences: 1,
    })
  }
}

/** @throws Error saying what is missing in the folder */
function modelIn(directory: string): object {
  const names = namesInModel(directory)
  const file = (name: string): string => (names.includes(name) ? join(directory, name) : '')
  const models = names.filter((name) => name.endsWith('.onnx'))
  if (models.length !== 1) throw new Error(`${directory} holds ${models.length} files .onnx: one is the model`)
  if (!names.includes('tokens.txt')) throw new Error(`${directory} holds no tokens.txt, which comes with the model`)
  const parts = {
    model: join(directory, models[0] as string),
    tokens: file('tokens.txt'),
    dataDir: file('espeak-ng-data'),
    lexicon: file('lexicon.txt'),
  }
  return names.includes('voices.bin') ? { kokoro: { ...parts, voices: file('voices.bin') } } : { vits: parts }
}

function sixteenBits(sample: number): number {
  return Math.max(-32_768, Math.min(32_767, Math.round(32_767 * sample)))
}

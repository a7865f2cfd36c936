import { join } from 'node:path'
import { SpeechError } from '../../kit/index.ts'
import { type LoadPeer, loadPeer } from '../engines/load-peer.ts'
import { namesInModel } from '../engines/model-folder.ts'
import type { Recogniser, Utterance, UtteranceOptions, UtteranceWords } from './utterance.ts'

/**
 * A streaming transducer of the operator's own, through the package `sherpa-onnx-node`. It recognises in our own process;
 * nothing leaves the house.
 */
export interface SherpaRecogniserSettings {
  readonly type: 'sherpa'
  /** The folder of the model: `encoder*.onnx`, `decoder*.onnx`, `joiner*.onnx` and `tokens.txt`. */
  readonly directory: string
  /** Cores for one utterance. Default 1. */
  readonly cores?: number
}

interface Stream {
  acceptWaveform(wave: { sampleRate: number; samples: Float32Array }): void
}

interface OnlineRecognizer {
  createStream(): Stream
  isReady(stream: Stream): boolean
  decode(stream: Stream): void
  getResult(stream: Stream): { readonly text: string }
}

/**
 * Recognises with such a model while somebody speaks. The library works in the thread that asks it: at one utterance at a
 * time that is a few ms for each 60 ms of speech, and for many calls at a time a service of its own is better.
 */
export class SherpaRecogniser implements Recogniser {
  readonly #settings: SherpaRecogniserSettings
  readonly #load: LoadPeer
  #model: Promise<OnlineRecognizer> | undefined

  constructor(settings: SherpaRecogniserSettings, load: LoadPeer = loadPeer) {
    this.#settings = settings
    this.#load = load
  }

  open({ sampleRateHz }: UtteranceOptions): Utterance {
    const waiting: Int16Array[] = []
    let running: { model: OnlineRecognizer; stream: Stream } | undefined
    let trouble: unknown
    const take = (samples: Int16Array): void => {
      if (running === undefined) return
      running.stream.acceptWaveform({ sampleRate: sampleRateHz, samples: Float32Array.from(samples, toFloat) })
      while (running.model.isReady(running.stream)) running.model.decode(running.stream)
    }
    const opened = this.#open().then(
      (model) => {
        running = { model, stream: model.createStream() }
        for (const samples of waiting.splice(0)) take(samples)
      },
      (error: unknown) => {
        trouble = error
      },
    )
    return {
      write: (samples) => {
        if (trouble !== undefined) throw failure(trouble)
        if (running === undefined) waiting.push(samples)
        else take(samples)
      },
      finish: async (): Promise<UtteranceWords> => {
        await opened
        if (running === undefined) throw failure(trouble)
        try {
          // What it has not looked at yet needs something behind it.
          take(new Int16Array(sampleRateHz / 2))
          return { text: running.model.getResult(running.stream).text.trim() }
        } catch (error) {
          throw failure(error)
        }
      },
      abort: () => {
        running = undefined
        waiting.length = 0
      },
    }
  }

  #open(): Promise<OnlineRecognizer> {
    this.#model ??= this.#loadModel()
    this.#model.catch(() => {
      this.#model = undefined
    })
    return this.#model
  }

  async #loadModel(): Promise<OnlineRecognizer> {
    const { directory, cores = 1 } = this.#settings
    const model = modelIn(directory)
    const sherpa = (await this.#load('sherpa-onnx-node')) as {
      readonly OnlineRecognizer: new (config: object) => OnlineRecognizer
    }
    return new sherpa.OnlineRecognizer({
      featConfig: { sampleRate: 16_000, featureDim: 80 },
      modelConfig: { ...model, numThreads: cores, provider: 'cpu', debug: false },
      decodingMethod: 'greedy_search',
      enableEndpoint: false,
    })
  }
}

/** @throws Error saying what is missing in the folder */
function modelIn(directory: string): object {
  const names = namesInModel(directory)
  const part = (kind: string): string => {
    const found = names.find((name) => name.startsWith(kind) && name.endsWith('.onnx'))
    if (found === undefined) throw new Error(`${directory} holds no ${kind}*.onnx, which a streaming transducer has`)
    return join(directory, found)
  }
  const transducer = { encoder: part('encoder'), decoder: part('decoder'), joiner: part('joiner') }
  if (!names.includes('tokens.txt')) throw new Error(`${directory} holds no tokens.txt, which comes with the model`)
  return { transducer, tokens: join(directory, 'tokens.txt') }
}

function failure(error: unknown): SpeechError {
  return new SpeechError(`the recogniser has failed: ${error instanceof Error ? error.message : String(error)}`)
}

function toFloat(sample: number): number {
  return sample / 32_768
}

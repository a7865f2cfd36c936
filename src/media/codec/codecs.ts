import { type TwoRates, twoRates } from '../dsp/two-rates.ts'
import type { CodecName, OpusParameters } from '../engine/control.ts'
import type { Kernels } from '../wasm/kernels.ts'
import type { Codec } from './codec.ts'
import { isWideband, type SampleRateHz } from './codec-rates.ts'
import { pcmaCodec, pcmuCodec } from './g711-codec.ts'
import { G722Codec, type G722Workbench, g722Workbench } from './g722-codec.ts'
import { l16Codec } from './l16.ts'
import { NarrowCodec } from './narrow-codec.ts'
import type { OpusLibrary } from './opus/library.ts'
import { OpusCodec } from './opus/opus-codec.ts'

/** Makes the codecs of one engine's streams, and holds what they share. */
export class Codecs {
  readonly #kernels: Kernels
  readonly #pcmu: Codec
  readonly #pcma: Codec
  /** Made when the first stream asks for them. */
  #g722: G722Workbench | undefined
  #rates: TwoRates | undefined

  readonly #opus: OpusLibrary | undefined

  /** @param opus what does the work of Opus; without it there is none */
  constructor(kernels: Kernels, opus?: OpusLibrary) {
    this.#kernels = kernels
    this.#opus = opus
    this.#pcmu = pcmuCodec(kernels)
    this.#pcma = pcmaCodec(kernels)
  }

  /**
   * A codec for one stream each way. Whoever opened it releases it.
   * @param sampleRateHz of the samples that it is to give and take: 8 kHz can be had of each codec
   * @param opus what the far end wants of it, when it is Opus
   * @throws RangeError for 16 kHz of a codec that is not wideband, and for Opus where there is none
   */
  open(name: CodecName, sampleRateHz: SampleRateHz = 8000, opus: OpusParameters = {}): Codec {
    if (!isWideband(name)) {
      if (sampleRateHz !== 8000) throw new RangeError(`${name} has 8 kHz and not ${sampleRateHz} Hz`)
      return name === 'PCMU' ? this.#pcmu : name === 'PCMA' ? this.#pcma : l16
    }
    if (name === 'OPUS') {
      if (this.#opus === undefined) throw new RangeError('this engine has no Opus')
      return new OpusCodec(this.#opus, sampleRateHz, opus)
    }
    const codec = this.#openWide(name)
    if (sampleRateHz === 16_000) return codec
    return new NarrowCodec(codec, name === 'G722' ? 1 / 2 : 2, this.rates)
  }

  /** For whoever has to bring sound from one rate to the other. */
  get rates(): TwoRates {
    this.#rates ??= twoRates(this.#kernels)
    return this.#rates
  }

  #openWide(name: CodecName): Codec {
    if (name === 'L16/16000') return wideL16
    this.#g722 ??= g722Workbench(this.#kernels)
    return new G722Codec(this.#g722)
  }
}

const l16 = l16Codec('L16', 8000)
const wideL16 = l16Codec('L16/16000', 16_000)

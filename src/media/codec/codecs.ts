import { Resampler } from '../dsp/resampler.ts'
import type { CodecName } from '../engine/control.ts'
import type { Kernels } from '../wasm/kernels.ts'
import type { Codec } from './codec.ts'
import { pcmaCodec, pcmuCodec } from './g711-codec.ts'
import { G722Codec, type G722Workbench } from './g722-codec.ts'
import { l16 } from './l16.ts'

/** Makes the codecs of one engine's streams, and holds what they share. */
export class Codecs {
  readonly #kernels: Kernels
  readonly #pcmu: Codec
  readonly #pcma: Codec
  /** Made when the first stream asks for it. */
  #g722: G722Workbench | undefined

  constructor(kernels: Kernels) {
    this.#kernels = kernels
    this.#pcmu = pcmuCodec(kernels)
    this.#pcma = pcmaCodec(kernels)
  }

  /** A codec for one stream each way. Whoever opened it releases it. */
  open(name: CodecName): Codec {
    switch (name) {
      case 'PCMU':
        return this.#pcmu
      case 'PCMA':
        return this.#pcma
      case 'L16':
        return l16
      case 'G722':
        this.#g722 ??= g722Workbench(this.#kernels)
        return new G722Codec(this.#g722)
    }
  }
}

function g722Workbench(kernels: Kernels): G722Workbench {
  const { arena } = kernels
  return {
    kernels,
    up: new Resampler(kernels, 8000, 16_000, MAX_SAMPLES),
    down: new Resampler(kernels, 16_000, 8000, 2 * MAX_SAMPLES),
    octets: arena.bytes(MAX_SAMPLES),
    wide: arena.int16(2 * MAX_SAMPLES),
    narrow: arena.int16(MAX_SAMPLES),
  }
}

/** The longest payload that is taken, in samples at 8 kHz. */
const MAX_SAMPLES = 640

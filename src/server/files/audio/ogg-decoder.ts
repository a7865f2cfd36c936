import { type AudioDecoder, type DecodedAudio, monoOfFloats, type OggCodec, OggReader } from '../../../media/index.ts'
import { packages, wasmInstance } from './wasm-library.ts'

/** What ogv's decoders for Vorbis and Opus have in common. They call back before they return. */
interface OgvAudioDecoder {
  readonly audioFormat: { readonly channels: number; readonly rate: number } | null
  audioBuffer: readonly Float32Array[] | null
  init(done: () => void): void
  processHeader(packet: ArrayBuffer, done: (isGood: boolean) => void): void
  processAudio(packet: ArrayBuffer, done: () => void): void
}

/** Vorbis has three headers (Vorbis I, section 4.2), Opus two (RFC 7845 section 5). */
const HEADERS: Readonly<Record<OggCodec, number>> = { vorbis: 3, opus: 2 }

/** Opus is decoded at this rate whatever it was made of; its decoder does not say so. */
const OPUS_RATE_HZ = 48_000

/** Decodes Ogg Vorbis and Ogg Opus by libvorbis and libopus, as ogv has compiled them. */
export class OggDecoder implements AudioDecoder {
  readonly #reader = new OggReader()
  readonly #library: OgvAudioDecoder
  #headersLeft: number
  #hasBegun = false

  private constructor(codec: OggCodec, library: OgvAudioDecoder) {
    this.#library = library
    this.#headersLeft = HEADERS[codec]
    library.init(() => {})
  }

  static async create(codec: OggCodec): Promise<OggDecoder> {
    return new OggDecoder(codec, await instance(codec))
  }

  finish(): Iterable<DecodedAudio> {
    if (!this.#reader.isAtEnd) throw new Error('the Ogg file is cut off: its last page is missing')
    return []
  }

  *decode(bytes: Uint8Array): Generator<DecodedAudio> {
    const library = this.#library
    for (const { data, isFirst } of this.#reader.read(bytes)) {
      if (isFirst && this.#hasBegun) throw new Error('the Ogg file holds several streams one after the other: use one')
      this.#hasBegun = true
      const packet = data.buffer as ArrayBuffer
      if (this.#headersLeft > 0) {
        this.#headersLeft--
        library.processHeader(packet, (isGood) => {
          if (!isGood) throw new Error('the Ogg file is damaged: a header cannot be read')
        })
        continue
      }
      // The first packet of Vorbis gives nothing, and one that cannot be decoded neither.
      library.audioBuffer = null
      library.processAudio(packet, () => {})
      const channels = library.audioBuffer as readonly Float32Array[] | null
      if (channels !== null && channels.length > 0)
        yield { samples: monoOfFloats(channels), sampleRateHz: library.audioFormat?.rate ?? OPUS_RATE_HZ }
    }
  }
}

function instance(codec: OggCodec): Promise<OgvAudioDecoder> {
  const name = `ogv/dist/ogv-decoder-audio-${codec}-wasm`
  const make = packages(`${name}.js`) as (options: object) => Promise<OgvAudioDecoder>
  return make({
    print: () => {},
    printErr: () => {},
    instantiateWasm: (imports: object, onInstance: (instance: object) => void) => {
      const instance = wasmInstance(`${name}.wasm`, imports)
      onInstance(instance)
      return instance.exports
    },
  })
}

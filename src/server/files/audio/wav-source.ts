import { mixDown, payloadEncodingOf, RateConverter, samplesOfWav, type WavHead } from '../../../media/index.ts'
import type { AudioSource } from './audio-source.ts'
import type { ReadableFile } from './disk-file.ts'

/** A WAV file, or raw G.711, read from disk half a second at a time. */
export class WavSource implements AudioSource {
  readonly encoding: AudioSource['encoding']
  readonly sampleRateHz: 8000 | 16_000
  readonly leastLength: number
  readonly isPlain: boolean
  readonly missingBytes: number
  readonly #file: ReadableFile
  readonly #head: WavHead
  readonly #samplesPerBlock: number
  readonly #chunkBytes: number
  /** Octets of audio that were read. */
  #at = 0
  #converter: RateConverter | undefined

  constructor(file: ReadableFile, head: WavHead, mostHz: 8000 | 16_000 = 8000) {
    this.#file = file
    this.#head = head
    this.missingBytes = head.missingBytes
    const payloads = payloadEncodingOf(head)
    this.encoding = payloads ?? 'pcm16'
    this.sampleRateHz = head.sampleRateHz < 16_000 ? 8000 : mostHz
    this.isPlain = head.sampleRateHz === this.sampleRateHz
    const { channels, sampleRateHz, blockBytes, encoding } = head
    const samplesPerBlock = encoding === 'ima-adpcm' ? 2 * (blockBytes / channels - 4) + 1 : 1
    this.leastLength = Math.floor(((head.dataBytes / blockBytes) * samplesPerBlock * 8000) / sampleRateHz)
    this.#samplesPerBlock = samplesPerBlock
    this.#chunkBytes = Math.ceil((0.5 * sampleRateHz) / samplesPerBlock) * blockBytes
    this.rewind()
  }

  async read(): Promise<Int16Array | Uint8Array | undefined> {
    for (;;) {
      const samples = await this.#readChunk()
      if (samples === undefined || samples.length > 0) return samples
    }
  }

  rewind(toMs = 0): void {
    const { sampleRateHz, blockBytes, dataBytes } = this.#head
    const blocks = Math.floor((toMs * sampleRateHz) / 1000 / this.#samplesPerBlock)
    this.#at = Math.min(blocks * blockBytes, dataBytes)
    this.#converter = new RateConverter(this.#head.sampleRateHz, this.sampleRateHz)
  }

  close(): Promise<void> {
    return this.#file.close()
  }

  async #readChunk(): Promise<Int16Array | Uint8Array | undefined> {
    const converter = this.#converter
    if (converter === undefined) return undefined
    const { dataStart, dataBytes, channels } = this.#head
    const wanted = Math.min(this.#chunkBytes, dataBytes - this.#at)
    if (wanted === 0) {
      this.#converter = undefined
      return converter.finish()
    }
    const data = await this.#file.read(dataStart + this.#at, wanted)
    this.#at += wanted
    return this.encoding === 'pcm16' ? converter.push(mixDown(samplesOfWav({ ...this.#head, data }), channels)) : data
  }
}

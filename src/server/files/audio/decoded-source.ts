import {
  type AudioDecoder,
  type CompressedFormat,
  type DecodedAudio,
  FlacDecoder,
  flacSeconds,
  RateConverter,
} from '../../../media/index.ts'
import type { AudioSource } from './audio-source.ts'
import type { ReadableFile } from './disk-file.ts'

/** A compressed file, decoded as it is read. The libraries are loaded by the first that needs them. */
export class DecodedSource implements AudioSource {
  readonly encoding = 'pcm16'
  readonly sampleRateHz: 8000 | 16_000
  readonly leastLength: number
  readonly isPlain = false
  readonly missingBytes = 0
  readonly #file: ReadableFile
  readonly #format: CompressedFormat
  #decoder: AudioDecoder | undefined
  /** Octets of the file that were given to the decoder. */
  #at = 0
  /** What the decoder makes of what it was given last. */
  #pieces: Iterator<DecodedAudio> | undefined
  #converter: RateConverter | undefined
  #rateHz = 0
  #isFinished = false
  /** Samples that come before those that are wanted. */
  #toSkip = 0

  /**
   * @param head the beginning of the file
   * @throws Error when the file is too long
   */
  constructor(file: ReadableFile, format: CompressedFormat, head: Uint8Array, sampleRateHz: 8000 | 16_000 = 8000) {
    this.sampleRateHz = sampleRateHz
    if (file.size > MOST_FILE_BYTES)
      throw new Error(`it has ${file.size} octets: of a compressed file, ${MOST_FILE_BYTES} is the most`)
    this.#file = file
    this.#format = format
    const seconds = format === 'flac' ? flacSeconds(head) : file.size / MOST_BYTES_PER_SECOND[format]
    this.leastLength = Math.floor(8000 * seconds)
  }

  async read(): Promise<Int16Array | undefined> {
    for (;;) {
      const piece = this.#pieces?.next()
      if (piece !== undefined && piece.done !== true) {
        const samples = this.#skip(this.#convert(piece.value))
        if (samples.length > 0) return samples
      } else if (this.#isFinished) {
        const rest = this.#converter?.finish()
        this.#converter = undefined
        const wanted = rest && this.#skip(rest)
        return wanted === undefined || wanted.length === 0 ? undefined : wanted
      } else await this.#refill()
    }
  }

  rewind(toMs = 0): void {
    this.#toSkip = Math.round((toMs * this.sampleRateHz) / 1000)
    this.#decoder = undefined
    this.#at = 0
    this.#pieces = undefined
    this.#converter = undefined
    this.#rateHz = 0
    this.#isFinished = false
  }

  close(): Promise<void> {
    return this.#file.close()
  }

  #skip(samples: Int16Array): Int16Array {
    const skipped = Math.min(this.#toSkip, samples.length)
    this.#toSkip -= skipped
    return skipped === 0 ? samples : samples.subarray(skipped)
  }

  async #refill(): Promise<void> {
    this.#decoder ??= await decoderOf(this.#format)
    const bytes = await this.#file.read(this.#at, CHUNK_BYTES)
    this.#at += bytes.length
    this.#isFinished = bytes.length === 0
    const pieces = this.#isFinished ? this.#decoder.finish() : this.#decoder.decode(bytes)
    this.#pieces = pieces[Symbol.iterator]()
  }

  #convert({ samples, sampleRateHz }: DecodedAudio): Int16Array {
    if (this.#converter !== undefined && sampleRateHz === this.#rateHz) return this.#converter.push(samples)
    if (this.#converter !== undefined) throw new Error('it changes its sample rate in the middle')
    if (!(sampleRateHz >= 8000 && sampleRateHz <= 192_000))
      throw new Error(`it is sampled at ${sampleRateHz} Hz: use 8,000 to 192,000 Hz`)
    this.#rateHz = sampleRateHz
    this.#converter = new RateConverter(sampleRateHz, this.sampleRateHz)
    return this.#converter.push(samples)
  }
}

async function decoderOf(format: CompressedFormat): Promise<AudioDecoder> {
  switch (format) {
    case 'flac':
      return new FlacDecoder()
    case 'mp3':
      return new (await import('./mp3-decoder.ts')).Mp3Decoder()
    default:
      return (await import('./ogg-decoder.ts')).OggDecoder.create(format)
  }
}

/** MP3 ends at 320 kbit/s; Vorbis and Opus at 500 or so. */
const MOST_BYTES_PER_SECOND = { mp3: 40_000, vorbis: 64_000, opus: 64_000 }

const CHUNK_BYTES = 16_384
/** Nine hours of MP3 at 128 kbit/s. */
const MOST_FILE_BYTES = 512 * 2 ** 20

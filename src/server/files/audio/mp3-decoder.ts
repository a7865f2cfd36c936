import {
  type AudioDecoder,
  ByteQueue,
  type DecodedAudio,
  id3Length,
  type Mp3Frame,
  mixDown,
  parseMp3Header,
} from '../../../media/index.ts'
import { wasmInstance } from './wasm-library.ts'

/**
 * Decodes MP3 by minimp3, a run of frames at a time. The library begins anew with each run; so that nothing is heard of
 * it, a run begins with frames of the one before, as many as one may lean on, whose samples are dropped.
 */
export class Mp3Decoder implements AudioDecoder {
  readonly #queue = new ByteQueue()
  #isAtStart = true
  /** What has been looked through without finding a frame. */
  #junkBytes = 0
  #run: Frame[] = []
  /** Frames at the beginning of the run that were heard already. */
  #heard = 0
  #frames = 0

  finish(): Iterable<DecodedAudio> {
    const pieces: DecodedAudio[] = []
    for (let frame = this.#nextFrame(true); frame !== undefined; frame = this.#nextFrame(true))
      pieces.push(...this.#take(frame))
    if (this.#frames === 0) throw new Error('the MP3 file has no frames of layer III')
    pieces.push(...this.#decodeRun())
    return pieces
  }

  *decode(bytes: Uint8Array): Generator<DecodedAudio> {
    this.#queue.push(bytes)
    if (this.#isAtStart) {
      if (this.#queue.bytes.length < 10) return
      this.#queue.skip(id3Length(this.#queue.bytes))
      this.#isAtStart = false
    }
    for (let frame = this.#nextFrame(false); frame !== undefined; frame = this.#nextFrame(false))
      yield* this.#take(frame)
  }

  /** @param isLast no frame needs another behind it to be believed */
  #nextFrame(isLast: boolean): Frame | undefined {
    const { bytes } = this.#queue
    for (let at = 0; at + 4 <= bytes.length; at++) {
      const header = parseMp3Header(bytes, at)
      if (header === undefined) continue
      const end = at + header.length
      if (end + 4 > bytes.length && !(isLast && end <= bytes.length)) {
        this.#passOver(at)
        return undefined
      }
      if (end + 4 <= bytes.length && parseMp3Header(bytes, end) === undefined && !isTag(bytes, end)) continue
      this.#queue.skip(end)
      this.#junkBytes = 0
      this.#frames++
      return { header, bytes: bytes.slice(at, end) }
    }
    this.#passOver(Math.max(0, bytes.length - 3))
    return undefined
  }

  #passOver(count: number): void {
    this.#queue.skip(count)
    this.#junkBytes += count
    if (this.#junkBytes > MOST_JUNK_BYTES)
      throw new Error(`the MP3 file is damaged: ${this.#junkBytes} octets hold no frame`)
  }

  *#take(frame: Frame): Generator<DecodedAudio> {
    if (frame.header.isTable) return
    const last = this.#run.at(-1)
    if (last !== undefined && !isAlike(last.header, frame.header)) {
      yield* this.#decodeRun()
      this.#run = []
      this.#heard = 0
    }
    this.#run.push(frame)
    if (this.#run.length - this.#heard >= RUN_FRAMES) yield* this.#decodeRun()
  }

  *#decodeRun(): Generator<DecodedAudio> {
    const fresh = this.#run.length - this.#heard
    const header = this.#run[0]?.header
    if (header === undefined || fresh === 0) return
    const samples = decodeFrames(this.#run)
    // The first of a file, or damaged ones, may give nothing: it is the end that is certain.
    const wanted = Math.min(samples.length, fresh * header.samples * header.channels)
    yield {
      samples: mixDown(samples.slice(samples.length - wanted), header.channels),
      sampleRateHz: header.sampleRateHz,
    }
    let kept = 0
    let bytes = 0
    while (kept < this.#run.length && (kept < 2 || bytes < RESERVOIR_BYTES))
      bytes += this.#run[this.#run.length - ++kept]!.bytes.length
    this.#run = this.#run.slice(this.#run.length - kept)
    this.#heard = kept
  }
}

interface Frame {
  readonly header: Mp3Frame
  readonly bytes: Uint8Array
}

const RUN_FRAMES = 40
/** A frame may begin up to 511 octets of audio before its own place; headers and side information come on top. */
const RESERVOIR_BYTES = 1500
const MOST_JUNK_BYTES = 2 ** 20

function isAlike(one: Mp3Frame, other: Mp3Frame): boolean {
  return one.sampleRateHz === other.sampleRateHz && one.channels === other.channels
}

/** An ID3v1 or APE tag stands where the next frame would. */
function isTag(bytes: Uint8Array, at: number): boolean {
  const tag = String.fromCharCode(...bytes.subarray(at, at + 3))
  return tag === 'TAG' || tag === 'APE'
}

/** What the library exports. It works on one file, here a run of frames, in its own memory: samples come behind the file. */
interface Minimp3 {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): void }
  decoder_init(): void
  decoder_set_mp3_data_size(bytes: number): void
  decoder_mp3_data_offset(): number
  decoder_decode(seconds: number): void
  decoder_pcm_data_offset(): number
  decode_results_num_samples(): number
}

/** One for all files: it keeps nothing from run to run. */
let library: Minimp3 | undefined

/**
 * Decodes frames that are alike. Those that lean on frames which are not there give no samples; the library counts them
 * all the same, and leaves as many frames unwritten at the end, which are told by what was written there before.
 */
function decodeFrames(run: readonly Frame[]): Int16Array {
  library ??= wasmInstance('minimp3-wasm/dist/decoder.opt.wasm').exports as Minimp3
  const perFrame = run[0]!.header.samples * run[0]!.header.channels
  const length = run.reduce((sum, { bytes }) => sum + bytes.length, 0)
  library.decoder_init()
  library.decoder_set_mp3_data_size(length)
  const memory = roomIn(library.memory, library.decoder_mp3_data_offset() + length + 2 * perFrame * (run.length + 1))
  let at = library.decoder_mp3_data_offset()
  for (const { bytes } of run) {
    memory.set(bytes, at)
    at += bytes.length
  }
  memory.fill(UNWRITTEN_OCTET, at)
  library.decoder_decode(ALL)
  const count = library.decode_results_num_samples()
  const samples = new Int16Array(library.memory.buffer, library.decoder_pcm_data_offset(), count)
  let written = count
  while (written > 0 && isUnwritten(samples.subarray(written - perFrame, written))) written -= perFrame
  return samples.slice(0, written)
}

function roomIn(memory: Minimp3['memory'], bytes: number): Uint8Array {
  const missing = bytes - memory.buffer.byteLength
  if (missing > 0) memory.grow(Math.ceil(missing / 65_536))
  return new Uint8Array(memory.buffer)
}

function isUnwritten(samples: Int16Array): boolean {
  return samples.every((sample) => sample === UNWRITTEN_SAMPLE)
}

const ALL = 1e6
const UNWRITTEN_OCTET = 0x5a
const UNWRITTEN_SAMPLE = 0x5a5a

import { wasm } from '../../wasm/web-assembly.ts'

/** libopus, as the package `@evan/opus` has compiled it to WebAssembly. All pointers are offsets into its memory. */
interface OpusExports {
  readonly memory: { readonly buffer: ArrayBuffer }
  _initialize?(): void
  malloc(octets: number): number
  free(pointer: number): void
  opus_decoder_get_size(channels: number): number
  opus_decoder_init(decoder: number, sampleRateHz: number, channels: number): number
  opus_decode(
    decoder: number,
    packet: number,
    length: number,
    pcm: number,
    maxSamples: number,
    isRecovery: number,
  ): number
  opus_encoder_get_size(channels: number): number
  opus_encoder_init(encoder: number, sampleRateHz: number, channels: number, application: number): number
  opus_encode(encoder: number, pcm: number, samples: number, packet: number, maxOctets: number): number
  opus_encoder_ctl_set(encoder: number, request: number, value: number): number
}

/**
 * The Opus codec of a thread, over its compiled module. It has a memory of its own, in which whatever a hostile packet
 * does to it stays. Decoders and encoders are mono; they are pointers, which whoever opened them closes.
 */
export class OpusLibrary {
  readonly #opus: OpusExports
  readonly #packet: number
  readonly #pcm: number
  /** Views of the library's memory, made anew when that has grown. */
  #octets: Uint8Array
  #samples: Int16Array

  /**
   * @param module a `WebAssembly.Module` of libopus
   * @throws Error when it is none
   */
  constructor(module: object) {
    if (wasm === undefined) throw new Error('there is no WebAssembly')
    const nothing = (): number => 0
    const { exports } = new wasm.Instance(module, {
      env: { emscripten_notify_memory_growth: () => this.#look() },
      wasi_snapshot_preview1: { fd_seek: nothing, fd_write: nothing, fd_close: nothing, proc_exit: nothing },
    })
    this.#opus = exports as OpusExports
    this.#opus._initialize?.()
    this.#octets = new Uint8Array(this.#opus.memory.buffer)
    this.#samples = new Int16Array(this.#opus.memory.buffer)
    this.#packet = this.#take(MAX_PACKET_OCTETS)
    this.#pcm = this.#take(2 * MAX_SAMPLES)
  }

  /** What the library has taken from the system. */
  get memoryBytes(): number {
    return this.#octets.length
  }

  /** @throws Error when there is no memory for another one */
  openDecoder(sampleRateHz: number): number {
    const decoder = this.#take(this.#opus.opus_decoder_get_size(1))
    this.#opus.opus_decoder_init(decoder, sampleRateHz, 1)
    return decoder
  }

  /** @throws Error when there is no memory for another one */
  openEncoder(sampleRateHz: number): number {
    const encoder = this.#take(this.#opus.opus_encoder_get_size(1))
    this.#opus.opus_encoder_init(encoder, sampleRateHz, 1, APPLICATION_VOIP)
    return encoder
  }

  close(state: number): void {
    this.#opus.free(state)
  }

  /** Sets something of an encoder, see {@link OPUS_SET}. */
  set(encoder: number, request: number, value: number): void {
    this.#opus.opus_encoder_ctl_set(encoder, request, value)
  }

  /**
   * Decodes a packet that holds `samples` samples. False when it cannot be decoded, or holds another number.
   * @param isRecovery the packet is the one after a lost one, and `samples` of that are wanted: from what the packet
   * repeats of it, or made up
   */
  decodeInto(
    decoder: number,
    payload: Uint8Array,
    from: number,
    length: number,
    isRecovery: boolean,
    samples: number,
    into: Int16Array,
    at: number,
  ): boolean {
    if (length > MAX_PACKET_OCTETS || samples > MAX_SAMPLES) return false
    const packet = this.#packet
    for (let i = 0; i < length; i++) this.#octets[packet + i] = payload[from + i]!
    const count = this.#opus.opus_decode(decoder, packet, length, this.#pcm, samples, isRecovery ? 1 : 0)
    return count === samples && this.#giveSamples(samples, into, at)
  }

  /** Makes up `samples` samples, a multiple of 2.5 ms, in place of a packet that was lost. */
  concealInto(decoder: number, samples: number, into: Int16Array, at: number): boolean {
    if (samples > MAX_SAMPLES) return false
    return (
      this.#opus.opus_decode(decoder, 0, 0, this.#pcm, samples, 0) === samples && this.#giveSamples(samples, into, at)
    )
  }

  /**
   * Encodes 10, 20, 40 or 60 ms and returns the number of octets.
   * @throws RangeError for any other number of samples
   */
  encodeInto(
    encoder: number,
    samples: Int16Array,
    from: number,
    length: number,
    into: Uint8Array,
    at: number,
    maxOctets: number,
  ): number {
    const pcm = this.#pcm >> 1
    for (let i = 0; i < length; i++) this.#samples[pcm + i] = samples[from + i]!
    const octets = this.#opus.opus_encode(encoder, this.#pcm, length, this.#packet, maxOctets)
    if (octets < 0) throw new RangeError(`Opus cannot encode ${length} samples (${octets})`)
    for (let i = 0; i < octets; i++) into[at + i] = this.#octets[this.#packet + i]!
    return octets
  }

  #giveSamples(samples: number, into: Int16Array, at: number): true {
    const pcm = this.#pcm >> 1
    for (let i = 0; i < samples; i++) into[at + i] = this.#samples[pcm + i]!
    return true
  }

  #take(octets: number): number {
    const pointer = this.#opus.malloc(octets)
    if (pointer === 0) throw new Error('no memory for another Opus stream')
    return pointer
  }

  #look(): void {
    this.#octets = new Uint8Array(this.#opus.memory.buffer)
    this.#samples = new Int16Array(this.#opus.memory.buffer)
  }
}

/**
 * Compiles the better one of two builds of libopus that this machine can run. The module may be sent to other threads.
 * @throws Error when there is no WebAssembly, or the build is none
 */
export function compileOpus(simd: Uint8Array, scalar: Uint8Array): object {
  if (wasm === undefined) throw new Error('there is no WebAssembly')
  return new wasm.Module(wasm.validate(simd) ? simd : scalar)
}

/** What {@link OpusLibrary.set} sets (opus_defines.h). */
export const OPUS_SET = {
  BITRATE: 4002,
  /** Bandwidth at most: 1101 is 4 kHz, 1102 is 6, 1103 is 8. */
  MAX_BANDWIDTH: 4004,
  VARIABLE_BITRATE: 4006,
  COMPLEXITY: 4010,
  IN_BAND_FEC: 4012,
  PACKET_LOSS_PERCENT: 4014,
  DISCONTINUOUS: 4016,
} as const

const APPLICATION_VOIP = 2048
/** As long as an RTP payload gets here, and longer. */
const MAX_PACKET_OCTETS = 1500
/** 120 ms at 16 kHz. */
const MAX_SAMPLES = 1920

import type { Codec } from '../codec/codec.ts'
import type { CodecRates } from '../codec/codec-rates.ts'
import { LossConcealer } from '../dsp/plc.ts'
import { addressOf } from '../wasm/arena.ts'
import { type Kernels, threadKernels } from '../wasm/kernels.ts'
import { MAX_PACKET_MS } from './adaptive-jitter-buffer.ts'
import { ComfortNoise } from './comfort-noise.ts'
import { emptyPlayout, type JitterBuffer } from './jitter-buffer.ts'
import { TimeScale } from './time-scale.ts'

/**
 * Cuts what a jitter buffer plays out, in packets of any length, into frames of samples: what was lost is concealed,
 * described noise is made, and the sound is shortened or lengthened a little where the buffer holds too much or too
 * little of it. The caller owns the frame; nothing is allocated.
 */
export class FrameReader {
  /** Samples made up for packets that were lost or late. */
  concealed = 0
  /** Samples cut out or put in to follow the network and the sender's clock. */
  stretched = 0
  readonly #buffer: JitterBuffer
  readonly #playout = emptyPlayout()
  /** Of the RTP clock, in a sample. */
  readonly #ticksPerSample: number
  readonly #concealer: LossConcealer
  readonly #noise: ComfortNoise
  readonly #scale: TimeScale
  /**
   * What was heard last, then from `#read` on what was decoded and not yet heard. A packet is decoded only when less
   * than a frame is left.
   */
  readonly #pcm: Int16Array
  readonly #kernels: Kernels
  readonly #read: number
  #unread = 0
  /** How many of the unread samples come before the end of the last concealed one. */
  #guessed = 0
  #now: 'nothing' | 'sound' | 'gap' | 'noise' = 'nothing'
  /** Samples of quiet up to the last of those decoded, and up to where from the beginning on there is nothing else. */
  #quiet = 0
  #blankUntil = 0
  /** Frames until the sound may be shortened or lengthened again. */
  #patience = 0

  /**
   * @param rates of the sound and of the buffer's clock; 8 kHz both where they are left out
   * @param kernels whose arena the sound stands in, for the decoders; default: those of the thread
   */
  constructor(
    buffer: JitterBuffer,
    { sampleRateHz, clockRateHz }: CodecRates = TELEPHONE,
    kernels: Kernels = threadKernels(),
  ) {
    this.#kernels = kernels
    this.#buffer = buffer
    this.#ticksPerSample = clockRateHz / sampleRateHz
    this.#concealer = new LossConcealer(sampleRateHz)
    this.#noise = new ComfortNoise(sampleRateHz)
    this.#scale = new TimeScale(sampleRateHz)
    this.#read = this.#concealer.history
    this.#pcm = kernels.arena.int16(this.#read + ((2 * FRAME_MS + MAX_PACKET_MS) * sampleRateHz) / 1000)
  }

  /** Fills the whole of `frame`, 20 ms. False when any of it was made up for what was lost. */
  readInto(frame: Int16Array, codec: Codec): boolean {
    this.#decode(frame.length, codec)
    this.#adapt(frame.length, codec)
    if (this.isBlank) {
      frame.fill(0)
      this.#unread -= frame.length
      return true
    }
    this.#kernels.copySamples(this.#pcm, this.#read, frame.length, frame, 0)
    this.#unread -= frame.length
    this.#kernels.copySamples(this.#pcm, frame.length, this.#read + this.#unread, this.#pcm, 0)
    const isWhole = this.#guessed === 0
    this.#guessed = Math.max(0, this.#guessed - frame.length)
    return isWhole
  }

  /** Forgets what was decoded, and what the jitter buffer holds. */
  reset(): void {
    this.#buffer.reset()
    this.#beNew()
  }

  /** Whether all that is not heard yet of what was decoded, and all that is looked back at, is too quiet to be kept. */
  get isBlank(): boolean {
    return this.#blankUntil >= this.#read + this.#unread
  }

  /** Nothing is read for a while, see {@link JitterBuffer.pause}. */
  pause(): void {
    this.#buffer.pause()
    this.#beNew()
  }

  #beNew(): void {
    this.#concealer.reset()
    this.#pcm.fill(0)
    this.#unread = 0
    this.#quiet = 0
    this.#blankUntil = 0
    this.#guessed = 0
    this.#now = 'nothing'
  }

  /** Reads a little of it, see {@link Touch}. */
  touch(): number {
    return this.#blankUntil > 0 ? this.#unread : addressOf(this.#pcm) ^ this.#pcm[this.#read]!
  }

  /** Gives the memory back. Nothing is read any more. */
  release(): void {
    this.#kernels.arena.release(this.#pcm)
  }

  #decode(length: number, codec: Codec): void {
    while (this.#unread < length) this.#decodeNext(codec)
  }

  #decodeNext(codec: Codec): void {
    const playout = this.#playout
    this.#buffer.take(playout)
    const at = this.#read + this.#unread
    const count = Math.round(playout.ticks / this.#ticksPerSample)
    this.#unread += count
    if (playout.kind === 'quiet') {
      this.#beQuiet(at, count)
      return
    }
    this.#quiet = 0
    this.#blankUntil = 0
    if (playout.kind === 'audio') {
      codec.decodeInto(playout.bytes, playout.offset, playout.length, this.#pcm, at)
      this.#now = 'sound'
    } else if (playout.kind === 'noise') {
      if (this.#now !== 'noise') this.#noise.reset()
      this.#noise.describe(playout.bytes, playout.offset, playout.length)
      this.#now = 'noise'
      return
    } else if (this.#now === 'noise') this.#noise.fill(this.#pcm, at, count)
    else {
      this.#fillGap(at, count, codec)
      return
    }
    if (this.#concealer.isConcealing) this.#concealer.resume(this.#pcm, at, count)
  }

  /** Once all that is looked back at is quiet too, there is nothing to write. */
  #beQuiet(at: number, count: number): void {
    this.#now = 'sound'
    this.#quiet += count
    const end = at + count
    if (end <= this.#blankUntil) return
    if (this.#concealer.isConcealing) this.#concealer.reset()
    this.#pcm.fill(0, at, end)
    if (this.#quiet >= end) this.#blankUntil = end
  }

  /** Also where the sender fell silent on purpose the sound fades instead of breaking off. */
  #fillGap(at: number, length: number, codec: Codec): void {
    if (this.#now === 'nothing') {
      this.#pcm.fill(0, at, at + length)
      return
    }
    this.#now = 'gap'
    const { kind, bytes, offset, length: octets } = this.#playout
    const isDone =
      (octets > 0 && codec.recoverInto?.(bytes, offset, octets, length, this.#pcm, at) === true) ||
      codec.concealInto?.(length, this.#pcm, at) === true
    if (!isDone) this.#concealer.conceal(this.#pcm, at, length)
    if (kind === 'waiting') return
    this.concealed += length
    this.#guessed = this.#unread
  }

  /**
   * A surplus only costs delay, and waits for a pause until it is large. There 10 ms can be cut; where the network is calm they are
   * as soon as they are too many, elsewhere they may be wanted again. A shortage soon costs a gap.
   */
  #adapt(length: number, codec: Codec): void {
    if (this.#patience > 0) this.#patience--
    if (this.#patience > 0 || this.#now !== 'sound' || this.#guessed > 0) return
    const scale = this.#scale
    const excess = this.#buffer.excess(this.#unread * this.#ticksPerSample) / this.#ticksPerSample
    if (excess >= 0 && excess < (this.#buffer.isCalm ? length / 2 : length)) return
    const isQuiet = scale.isQuiet(this.#pcm, this.#read)
    if (!isQuiet && excess > 0 && excess < 2 * length) return
    const end = this.#read + this.#unread
    const by = excess > 0 ? -scale.shorten(this.#pcm, this.#read, end) : scale.lengthen(this.#pcm, this.#read, end)
    this.#unread += by
    this.#quiet = 0
    this.stretched += Math.abs(by)
    this.#patience = isQuiet ? QUIET_PATIENCE : SPEECH_PATIENCE
    this.#decode(length, codec)
  }
}

const FRAME_MS = 20
const TELEPHONE: CodecRates = { sampleRateHz: 8000, clockRateHz: 8000 }
/** Frames from one change to the next: within speech one pitch period in 100 ms at most. */
const SPEECH_PATIENCE = 5
const QUIET_PATIENCE = 2

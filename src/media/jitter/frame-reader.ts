import type { Codec } from '../codec/codec.ts'
import { MAX_PAYLOAD } from '../rtp/packet.ts'
import { emptyPlayout, type JitterBuffer } from './jitter-buffer.ts'

/**
 * Cuts what a jitter buffer plays out, in packets of any length, into frames of samples. What is missing is silence.
 * The caller owns the frame; nothing is allocated.
 */
export class FrameReader {
  readonly #buffer: JitterBuffer
  readonly #playout = emptyPlayout()
  /** Decoded and not yet read. A packet is decoded only when less than a frame is left. */
  readonly #pcm: Int16Array = new Int16Array(MAX_FRAME + MAX_PAYLOAD)
  #length = 0

  constructor(buffer: JitterBuffer) {
    this.#buffer = buffer
  }

  /** Fills the whole of `frame`, at most 20 ms. */
  readInto(frame: Int16Array, codec: Codec): void {
    while (this.#length < frame.length) this.#decodeNext(codec)
    for (let i = 0; i < frame.length; i++) frame[i] = this.#pcm[i]!
    this.#pcm.copyWithin(0, frame.length, this.#length)
    this.#length -= frame.length
  }

  /** Forgets what was decoded, and what the jitter buffer holds. */
  reset(): void {
    this.#length = 0
    this.#buffer.reset()
  }

  #decodeNext(codec: Codec): void {
    const playout = this.#playout
    this.#buffer.take(playout)
    const at = this.#length
    this.#length += playout.samples
    if (playout.kind === 'packet') codec.decodeInto(playout.bytes, playout.offset, playout.length, this.#pcm, at)
    else this.#pcm.fill(0, at, this.#length)
  }
}

const MAX_FRAME = 160

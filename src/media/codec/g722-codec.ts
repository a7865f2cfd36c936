import type { Resampler } from '../dsp/resampler.ts'
import type { Kernels } from '../wasm/kernels.ts'
import type { Codec } from './codec.ts'
import { G722_BANDS, G722_WINDOW, type G722State, g722Reset } from './g722.ts'

/** What all G.722 streams of a thread share. Every array stands in the kernels' memory. */
export interface G722Workbench {
  readonly kernels: Kernels
  /** From 8 to 16 kHz and back. */
  readonly up: Resampler
  readonly down: Resampler
  /** Room for 80 ms, the most that is done at once: octets, samples at 16 kHz, samples at 8 kHz. */
  readonly octets: Uint8Array
  readonly wide: Int16Array
  readonly narrow: Int16Array
}

/**
 * G.722 for one stream each way, seen at 8 kHz: the RTP clock of G.722 runs at 8 kHz too (RFC 3551 section 4.5.2), so
 * an octet is one sample here. A direction that is never used costs nothing.
 */
export class G722Codec implements Codec {
  readonly name = 'G722'
  readonly #bench: G722Workbench
  #encoder: Direction | undefined
  #decoder: Direction | undefined

  constructor(bench: G722Workbench) {
    this.#bench = bench
  }

  decodeInto(payload: Uint8Array, from: number, length: number, into: Int16Array, at: number): number {
    const { kernels, octets, wide, narrow, down } = this.#bench
    this.#decoder ??= begin(kernels, down)
    for (let done = 0; done < length; done += octets.length) {
      const part = Math.min(octets.length, length - done)
      for (let i = 0; i < part; i++) octets[i] = payload[from + done + i]!
      kernels.g722DecodeInto(this.#decoder.state, octets, 0, part, wide, 0)
      down.process(this.#decoder.past, wide, 0, 2 * part, narrow, 0)
      for (let i = 0; i < part; i++) into[at + done + i] = narrow[i]!
    }
    return length
  }

  encodeInto(samples: Int16Array, from: number, length: number, into: Uint8Array, at: number): number {
    const { kernels, wide, narrow, up } = this.#bench
    this.#encoder ??= begin(kernels, up)
    for (let done = 0; done < length; done += narrow.length) {
      const part = Math.min(narrow.length, length - done)
      up.process(this.#encoder.past, samples, from + done, part, wide, 0)
      kernels.g722EncodeInto(this.#encoder.state, wide, 0, 2 * part, into, at + done)
    }
    return length
  }

  samplesIn(_payload: Uint8Array, _from: number, length: number): number {
    return length
  }

  /** Silence is encoded like any sound: the far end's decoder follows ours step by step. */
  silenceInto(samples: number, into: Uint8Array, at: number): number {
    const { narrow } = this.#bench
    narrow.fill(0, 0, samples)
    return this.encodeInto(narrow, 0, samples, into, at)
  }

  release(): void {
    for (const direction of [this.#encoder, this.#decoder]) {
      if (direction === undefined) continue
      const { arena } = this.#bench.kernels
      arena.release(direction.state.bands)
      arena.release(direction.state.window)
    }
    this.#encoder = undefined
    this.#decoder = undefined
  }
}

interface Direction {
  readonly state: G722State
  /** Of the resampler. */
  readonly past: Int16Array
}

function begin({ arena }: Kernels, resampler: Resampler): Direction {
  const state = { bands: arena.int32(G722_BANDS), window: arena.int16(G722_WINDOW) }
  g722Reset(state)
  return { state, past: new Int16Array(resampler.past) }
}

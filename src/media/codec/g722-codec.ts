import { addressOf } from '../wasm/arena.ts'
import type { Kernels } from '../wasm/kernels.ts'
import type { Codec } from './codec.ts'
import { G722_BANDS, G722_WINDOW, type G722State, g722Reset } from './g722.ts'

/** What all G.722 streams of a thread share. The arrays stand in the kernels' memory and hold what is decoded at once. */
export interface G722Workbench {
  readonly kernels: Kernels
  readonly octets: Uint8Array
  readonly samples: Int16Array
}

export function g722Workbench(kernels: Kernels): G722Workbench {
  return { kernels, octets: kernels.arena.bytes(MAX_OCTETS), samples: kernels.arena.int16(2 * MAX_OCTETS) }
}

/** G.722 for one stream each way, at its own 16 kHz. A direction that is never used costs nothing. */
export class G722Codec implements Codec {
  readonly name = 'G722'
  readonly sampleRateHz = 16_000
  readonly #bench: G722Workbench
  #encoder: G722State | undefined
  #decoder: G722State | undefined

  constructor(bench: G722Workbench) {
    this.#bench = bench
  }

  decodeInto(payload: Uint8Array, from: number, length: number, into: Int16Array, at: number): number {
    const { kernels, octets, samples } = this.#bench
    const isInReach = addressOf(into) >= 0
    this.#decoder ??= this.#begin()
    for (let done = 0; done < length; done += MAX_OCTETS) {
      const part = Math.min(MAX_OCTETS, length - done)
      const to = at + 2 * done
      for (let i = 0; i < part; i++) octets[i] = payload[from + done + i]!
      kernels.g722DecodeInto(this.#decoder, octets, 0, part, isInReach ? into : samples, isInReach ? to : 0)
      if (!isInReach) for (let i = 0; i < 2 * part; i++) into[to + i] = samples[i]!
    }
    return 2 * length
  }

  encodeInto(samples: Int16Array, from: number, length: number, into: Uint8Array, at: number): number {
    this.#encoder ??= this.#begin()
    this.#bench.kernels.g722EncodeInto(this.#encoder, samples, from, length, into, at)
    return length >> 1
  }

  samplesIn(_payload: Uint8Array, _from: number, length: number): number {
    return 2 * length
  }

  /** Silence is encoded like any sound: the far end's decoder follows ours step by step. */
  silenceInto(samples: number, into: Uint8Array, at: number): number {
    return this.encodeInto(SILENCE, 0, samples, into, at)
  }

  release(): void {
    for (const state of [this.#encoder, this.#decoder]) {
      if (state === undefined) continue
      this.#bench.kernels.arena.release(state.bands)
      this.#bench.kernels.arena.release(state.window)
    }
    this.#encoder = undefined
    this.#decoder = undefined
  }

  #begin(): G722State {
    const { arena } = this.#bench.kernels
    const state = { bands: arena.int32(G722_BANDS), window: arena.int16(G722_WINDOW) }
    g722Reset(state)
    return state
  }
}

/** 80 ms. */
const MAX_OCTETS = 640
const SILENCE = new Int16Array(2 * MAX_OCTETS)

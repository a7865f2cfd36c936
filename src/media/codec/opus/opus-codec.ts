import type { OpusParameters } from '../../engine/control.ts'
import { MAX_SENT_PAYLOAD } from '../../rtp/packet.ts'
import type { Codec } from '../codec.ts'
import type { SampleRateHz } from '../codec-rates.ts'
import { OPUS_SET, type OpusLibrary } from './library.ts'
import { OPUS_CLOCK_HZ, OPUS_PAUSE_OCTETS, opusTicks } from './packet.ts'

/** Opus for one stream each way (RFC 6716, RFC 7587). A direction that is never used costs nothing. */
export class OpusCodec implements Codec {
  readonly name = 'OPUS'
  readonly sampleRateHz: SampleRateHz
  readonly pauseOctets = OPUS_PAUSE_OCTETS
  undecodable = 0
  readonly #library: OpusLibrary
  readonly #wishes: OpusParameters
  readonly #ticksPerSample: number
  #encoder: number | undefined
  #decoder: number | undefined
  #expectedLoss = 0

  constructor(library: OpusLibrary, sampleRateHz: SampleRateHz, wishes: OpusParameters) {
    this.#library = library
    this.sampleRateHz = sampleRateHz
    this.#wishes = wishes
    this.#ticksPerSample = OPUS_CLOCK_HZ / sampleRateHz
  }

  decodeInto(payload: Uint8Array, from: number, length: number, into: Int16Array, at: number): number {
    const samples = this.samplesIn(payload, from, length)
    this.#decoder ??= this.#library.openDecoder(this.sampleRateHz)
    if (!this.#library.decodeInto(this.#decoder, payload, from, length, false, samples, into, at)) {
      this.undecodable++
      if (!this.concealInto(samples, into, at)) into.fill(0, at, at + samples)
    }
    return samples
  }

  concealInto(samples: number, into: Int16Array, at: number): boolean {
    return (
      this.#decoder !== undefined &&
      this.#isWhole(samples) &&
      this.#library.concealInto(this.#decoder, samples, into, at)
    )
  }

  recoverInto(
    payload: Uint8Array,
    from: number,
    length: number,
    samples: number,
    into: Int16Array,
    at: number,
  ): boolean {
    return (
      this.#decoder !== undefined &&
      this.#isWhole(samples) &&
      this.#library.decodeInto(this.#decoder, payload, from, length, true, samples, into, at)
    )
  }

  encodeInto(samples: Int16Array, from: number, length: number, into: Uint8Array, at: number): number {
    this.#encoder ??= this.#begin()
    return this.#library.encodeInto(this.#encoder, samples, from, length, into, at, MAX_SENT_PAYLOAD)
  }

  samplesIn(payload: Uint8Array, from: number, length: number): number {
    return opusTicks(payload, from, length) / this.#ticksPerSample
  }

  silenceInto(samples: number, into: Uint8Array, at: number): number {
    return samples === 0 ? 0 : this.encodeInto(SILENCE, 0, samples, into, at)
  }

  expectLoss(share: number): void {
    const percent = Math.min(MAX_EXPECTED_LOSS, Math.ceil(100 * share))
    if (percent === this.#expectedLoss) return
    this.#expectedLoss = percent
    if (this.#encoder !== undefined) this.#library.set(this.#encoder, OPUS_SET.PACKET_LOSS_PERCENT, percent)
  }

  release(): void {
    if (this.#encoder !== undefined) this.#library.close(this.#encoder)
    if (this.#decoder !== undefined) this.#library.close(this.#decoder)
    this.#encoder = undefined
    this.#decoder = undefined
  }

  /** Losses are made up in steps of 2.5 ms. */
  #isWhole(samples: number): boolean {
    return samples > 0 && samples % (this.sampleRateHz / 400) === 0
  }

  #begin(): number {
    const library = this.#library
    const encoder = library.openEncoder(this.sampleRateHz)
    const { maxAverageBitrate = Number.POSITIVE_INFINITY, maxPlaybackRateHz = 48_000 } = this.#wishes
    library.set(encoder, OPUS_SET.BITRATE, Math.min(maxAverageBitrate, this.sampleRateHz === 8000 ? 16_000 : 24_000))
    library.set(encoder, OPUS_SET.COMPLEXITY, COMPLEXITY)
    library.set(
      encoder,
      OPUS_SET.MAX_BANDWIDTH,
      maxPlaybackRateHz < 12_000 ? NARROW : maxPlaybackRateHz < 16_000 ? MEDIUM : WIDE,
    )
    library.set(encoder, OPUS_SET.IN_BAND_FEC, this.#wishes.useInbandFec === true ? 1 : 0)
    library.set(encoder, OPUS_SET.PACKET_LOSS_PERCENT, this.#expectedLoss)
    library.set(encoder, OPUS_SET.DISCONTINUOUS, this.#wishes.useDtx === true ? 1 : 0)
    library.set(encoder, OPUS_SET.VARIABLE_BITRATE, this.#wishes.constantBitrate === true ? 0 : 1)
    return encoder
  }
}

/** A third of what the best quality costs, see docs/decisions. */
const COMPLEXITY = 5
const NARROW = 1101
const MEDIUM = 1102
const WIDE = 1103
/** In percent: beyond this more redundancy leaves too little for the sound itself. */
const MAX_EXPECTED_LOSS = 20
/** 60 ms. */
const SILENCE = new Int16Array(960)

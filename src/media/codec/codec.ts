import type { CodecName } from '../engine/control.ts'
import { threadKernels } from '../wasm/kernels.ts'
import type { SampleRateHz } from './codec-rates.ts'
import { Codecs } from './codecs.ts'

/**
 * What a leg needs of a codec, for one stream each way. The caller owns every array, and nothing is allocated.
 * Whatever the codec's own rate, it gives and takes samples at the rate at which it was opened.
 */
export interface Codec {
  readonly name: CodecName
  /** The rate of the samples on our side. */
  readonly sampleRateHz: SampleRateHz
  /** Decodes one payload into `into` at `at` and returns the number of samples. */
  decodeInto(payload: Uint8Array, from: number, length: number, into: Int16Array, at: number): number
  /** Encodes `length` samples into `into` at `at` and returns the number of octets. */
  encodeInto(samples: Int16Array, from: number, length: number, into: Uint8Array, at: number): number
  /** The samples that a payload holds; 0 when it is none of this codec's. */
  samplesIn(payload: Uint8Array, from: number, length: number): number
  /** Writes `samples` samples of silence and returns the number of octets. */
  silenceInto(samples: number, into: Uint8Array, at: number): number
  /**
   * For codecs that know how to make up `samples` samples in place of what was lost. False when it cannot do that here:
   * whoever asked has to.
   */
  concealInto?(samples: number, into: Int16Array, at: number): boolean
  /**
   * For codecs whose payloads may repeat some of the one before them: `samples` samples of a lost payload, from the one
   * after it.
   */
  recoverInto?(
    payload: Uint8Array,
    from: number,
    length: number,
    samples: number,
    into: Int16Array,
    at: number,
  ): boolean
  /** For codecs that can repeat themselves: the share of our payloads that the far end has lost of late, 0 to 1. */
  expectLoss?(share: number): void
  /** Whether each payload is decoded for itself, whatever came before it. Default: no. */
  readonly isMemoryless?: boolean
  /** A payload of at most so many octets announces that the sender falls silent. Default: there is none. */
  readonly pauseOctets?: number
  /** Payloads so far that were none although {@link Codec.samplesIn} could not tell; they were concealed. */
  readonly undecodable?: number
  /** Gives back what it holds. It is not used any more. */
  release(): void
}

/** A codec for whoever has no engine: files, tests, tools. The streams of an engine have theirs from its {@link Codecs}. */
export function codecNamed(name: CodecName, sampleRateHz: SampleRateHz = 8000): Codec {
  return threadCodecs().open(name, sampleRateHz)
}

/** The codecs of this thread, for whoever has no engine: all but Opus, and the ways between the rates. */
export function threadCodecs(): Codecs {
  shared ??= new Codecs(threadKernels())
  return shared
}

let shared: Codecs | undefined

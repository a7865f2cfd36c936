import type { CodecName } from '../engine/control.ts'
import { threadKernels } from '../wasm/kernels.ts'
import { Codecs } from './codecs.ts'

/**
 * What a leg needs of a codec, for one stream each way. The caller owns every array, and nothing is allocated.
 * Whatever the codec's own rate, legs give and take samples at 8 kHz.
 */
export interface Codec {
  readonly name: CodecName
  /** Decodes one payload into `into` at `at` and returns the number of samples. */
  decodeInto(payload: Uint8Array, from: number, length: number, into: Int16Array, at: number): number
  /** Encodes `length` samples into `into` at `at` and returns the number of octets. */
  encodeInto(samples: Int16Array, from: number, length: number, into: Uint8Array, at: number): number
  /** The samples that a payload holds; 0 when it is none of this codec's. */
  samplesIn(payload: Uint8Array, from: number, length: number): number
  /** Writes `samples` samples of silence and returns the number of octets. */
  silenceInto(samples: number, into: Uint8Array, at: number): number
  /** Gives back what it holds. It is not used any more. */
  release(): void
}

/** A codec for whoever has no engine: files, tests, tools. The streams of an engine have theirs from its {@link Codecs}. */
export function codecNamed(name: CodecName): Codec {
  shared ??= new Codecs(threadKernels())
  return shared.open(name)
}

let shared: Codecs | undefined

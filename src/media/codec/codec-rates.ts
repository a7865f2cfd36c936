import type { CodecName, StreamParameters } from '../engine/control.ts'
import { MAX_PAYLOAD } from '../rtp/packet.ts'

/** The rates at which samples are worked on: that of the telephone line, and that of wideband voice. */
export type SampleRateHz = 8000 | 16_000

/** Two rates of a codec that need not be the same. */
export interface CodecRates {
  /** Of its RTP timestamps. */
  readonly clockRateHz: number
  /** The rate at which its sound is worked on where it may be wide. */
  readonly sampleRateHz: SampleRateHz
}

/** The clock of G.722 runs at half its sample rate (RFC 3551 section 4.5.2). */
export const CODEC_RATES: Readonly<Record<CodecName, CodecRates>> = {
  PCMU: { clockRateHz: 8000, sampleRateHz: 8000 },
  PCMA: { clockRateHz: 8000, sampleRateHz: 8000 },
  G722: { clockRateHz: 8000, sampleRateHz: 16_000 },
  L16: { clockRateHz: 8000, sampleRateHz: 8000 },
  'L16/16000': { clockRateHz: 16_000, sampleRateHz: 16_000 },
  OPUS: { clockRateHz: 48_000, sampleRateHz: 16_000 },
}

/** Octets of the longest payload that is taken: 60 ms of L16, more of the others; of Opus one whole frame of any rate. */
export const LONGEST_PAYLOAD: Readonly<Record<CodecName, number>> = {
  PCMU: 640,
  PCMA: 640,
  G722: 640,
  L16: 960,
  'L16/16000': MAX_PAYLOAD,
  OPUS: 1275,
}

/** The clock of the durations of a stream's telephone events. */
export function eventClockRateHz(stream: StreamParameters): number {
  return stream.telephoneEventClockRateHz ?? CODEC_RATES[stream.codec].clockRateHz
}

/** Whether a stream of this codec carries more than the band of the telephone line. */
export function isWideband(name: CodecName): boolean {
  return CODEC_RATES[name].sampleRateHz > 8000
}

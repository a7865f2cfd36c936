import type { CodecName } from '../engine/control.ts'
import type { Codec } from './codec.ts'
import type { SampleRateHz } from './codec-rates.ts'

/** L16 (RFC 3551 section 4.5.11): 16-bit samples as they are, the high octet first. */
export function l16Codec(name: CodecName, sampleRateHz: SampleRateHz): Codec {
  return { name, sampleRateHz, ...l16 }
}

const l16: Omit<Codec, 'name' | 'sampleRateHz'> = {
  isMemoryless: true,
  decodeInto(payload, from, length, into, at) {
    const samples = length >> 1
    for (let i = 0, octet = from; i < samples; i++, octet += 2)
      into[at + i] = (payload[octet]! << 8) | payload[octet + 1]!
    return samples
  },
  encodeInto(samples, from, length, into, at) {
    for (let i = 0, octet = at; i < length; i++, octet += 2) {
      const sample = samples[from + i]!
      into[octet] = sample >> 8
      into[octet + 1] = sample
    }
    return 2 * length
  },
  samplesIn: (_payload, _from, length) => length >> 1,
  silenceInto(samples, into, at) {
    into.fill(0, at, at + 2 * samples)
    return 2 * samples
  },
  release() {},
}

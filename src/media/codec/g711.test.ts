import { describe, expect, it } from 'vitest'
import { codecNamed } from './codec.ts'
import { PCMA_SILENCE, PCMA_TO_PCM16, PCMU_SILENCE, PCMU_TO_PCM16 } from './g711.ts'

/**
 * G.711 written out from its tables 1a/2a, independently of the code: per segment the first decision value and the
 * step, on the recommendation's own scale; the quantized value is the middle of its interval.
 */
function levels(law: 'mu' | 'a'): { upTo: number; value: number }[] {
  const list: { upTo: number; value: number }[] = []
  if (law === 'mu') {
    let edge = 0
    for (let segment = 0; segment < 8; segment++)
      for (let i = 0; i < 16; i++) {
        const step = 2 << segment
        // The very first interval of µ-law is half as wide, and its value is zero.
        const next = segment === 0 && i === 0 ? 1 : edge + step
        list.push({ upTo: next * 4, value: segment === 0 && i === 0 ? 0 : ((edge + next) / 2) * 4 })
        edge = next
      }
  } else {
    let edge = 0
    for (let segment = 0; segment < 8; segment++)
      for (let i = 0; i < 16; i++) {
        const step = segment < 2 ? 2 : 1 << segment
        list.push({ upTo: (edge + step) * 8, value: (edge + step / 2) * 8 })
        edge += step
      }
  }
  return list
}

function roundTrip(codec: 'PCMU' | 'PCMA', sample: number): number {
  const octet = new Uint8Array(1)
  const back = new Int16Array(1)
  codecNamed(codec).encodeInto(Int16Array.of(sample), 0, 1, octet, 0)
  codecNamed(codec).decodeInto(octet, 0, 1, back, 0)
  return back[0]
}

describe('G.711', () => {
  it.each([
    ['PCMU', 'mu'],
    ['PCMA', 'a'],
  ] as const)('%s quantizes every 16-bit sample as the recommendation says', (codec, law) => {
    const table = levels(law)
    let wrong = 0
    for (let sample = -32_768; sample <= 32_767; sample++) {
      const magnitude = sample < 0 ? -sample - 1 : sample
      const level = table.find((l) => magnitude < l.upTo) ?? table[127]
      const expected = sample < 0 ? -level.value : level.value
      if (roundTrip(codec, sample) !== (expected === 0 ? 0 : expected)) wrong++
    }
    expect(wrong).toBe(0)
  })

  it.each(['PCMU', 'PCMA'] as const)('%s gives every octet back after decoding and encoding', (name) => {
    const octets = Uint8Array.from({ length: 256 }, (_, i) => i)
    const samples = new Int16Array(256)
    const back = new Uint8Array(256)
    codecNamed(name).decodeInto(octets, 0, 256, samples, 0)
    codecNamed(name).encodeInto(samples, 0, 256, back, 0)
    // µ-law has two zeros; the negative one comes back as the positive.
    const expected = [...octets].map((octet) => (name === 'PCMU' && octet === 0x7f ? 0xff : octet))
    expect([...back]).toEqual(expected)
  })

  it('knows the extremes and the digital milliwatt', () => {
    expect([PCMU_TO_PCM16[0x00], PCMU_TO_PCM16[0x80], PCMU_TO_PCM16[PCMU_SILENCE]]).toEqual([-32_124, 32_124, 0])
    expect([PCMA_TO_PCM16[0x2a], PCMA_TO_PCM16[0xaa], PCMA_TO_PCM16[PCMA_SILENCE]]).toEqual([-32_256, 32_256, 8])
    // G.711 tables 5 and 6: the character signals of a 1 kHz sine at 0 dBm0.
    expect([...Uint8Array.of(0x1e, 0x0b, 0x0b, 0x1e, 0x9e, 0x8b, 0x8b, 0x9e)].map((o) => PCMU_TO_PCM16[o])).toEqual([
      -8828, -20_860, -20_860, -8828, 8828, 20_860, 20_860, 8828,
    ])
    expect([...Uint8Array.of(0x34, 0x21, 0x21, 0x34, 0xb4, 0xa1, 0xa1, 0xb4)].map((o) => PCMA_TO_PCM16[o])).toEqual([
      -8960, -20_992, -20_992, -8960, 8960, 20_992, 20_992, 8960,
    ])
  })

  it('writes only where it was told to', () => {
    const into = new Uint8Array(6)
    const codec = codecNamed('PCMU')
    codec.encodeInto(new Int16Array(4), 1, 2, into, 3)
    expect([...into]).toEqual([0, 0, 0, 0xff, 0xff, 0])
    codec.silenceInto(1, into, 1)
    expect([...into]).toEqual([0, 0xff, 0, 0xff, 0xff, 0])
  })
})

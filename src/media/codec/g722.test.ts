import { describe, expect, it } from 'vitest'
import { bestMatch } from '../test/signals.ts'
import { G722_BANDS, G722_WINDOW, type G722State, g722DecodeInto, g722EncodeInto, g722Reset } from './g722.ts'

function newState(): G722State {
  const state = { bands: new Int32Array(G722_BANDS), window: new Int16Array(G722_WINDOW) }
  g722Reset(state)
  return state
}

/** A second of a rising sawtooth and noise, in steps of loudness, from whole numbers only. */
function testSignal(): Int16Array {
  let random = 1
  return Int16Array.from({ length: 16_000 }, (_, i) => {
    random = (random * 48_271) % 2_147_483_647
    const sawtooth = Math.abs(((i * (1 + Math.trunc(i / 2000)) * 300) % 40_000) - 20_000) - 10_000
    return ((sawtooth + (random % 8001) - 4000) * (Math.trunc(i / 500) % 8)) >> 3
  })
}

/** FNV-1a, 32 bits. */
function hashOf(bytes: Uint8Array): number {
  let hash = 0x811c9dc5
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 16_777_619)
  return hash >>> 0
}

/** Both ways, in packets of 20 ms. */
function throughPackets(samples: Int16Array): { octets: Uint8Array; back: Int16Array } {
  const octets = new Uint8Array(samples.length / 2)
  const back = new Int16Array(samples.length)
  const [encoder, decoder] = [newState(), newState()]
  for (let at = 0; at < samples.length; at += 320) {
    g722EncodeInto(encoder, samples, at, 320, octets, at / 2)
    g722DecodeInto(decoder, octets, at / 2, 160, back, at)
  }
  return { octets, back }
}

describe('G.722', () => {
  it('codes and decodes as an independent implementation does (SpanDSP 0.0.6)', () => {
    const { octets, back } = throughPackets(testSignal())
    expect(hashOf(octets)).toBe(0x36244291)
    expect(hashOf(new Uint8Array(back.buffer))).toBe(0xd668eebd)
  })

  it.each([300, 1000, 3000, 5000, 6500])('carries %i Hz with the delay of its filters', (frequency) => {
    const tone = Int16Array.from({ length: 3200 }, (_, i) =>
      Math.round(8000 * Math.sin((2 * Math.PI * frequency * i) / 16_000)),
    )
    const { back } = throughPackets(tone)
    const whole = back.subarray(1600, 2400)
    let best = 0
    for (let delay = 16; delay <= 28; delay++)
      best = Math.max(best, bestMatch(whole, tone.subarray(1600 - delay, 2400 - delay), 0).correlation)
    expect(best).toBeGreaterThan(0.97)
    const loudness = Math.hypot(...whole) / Math.hypot(...tone.subarray(1600, 2400))
    expect(Math.abs(20 * Math.log10(loudness))).toBeLessThan(0.5)
  })

  it('keeps silence silent', () => {
    const { back } = throughPackets(new Int16Array(3200))
    expect(Math.max(...back.subarray(320).map(Math.abs))).toBeLessThanOrEqual(4)
  })

  it('limits what overflows instead of folding it over, whatever comes', () => {
    const decoder = newState()
    const back = new Int16Array(2000)
    let random = 12_345
    const octets = Uint8Array.from({ length: 1000 }, () => {
      random = (Math.imul(random, 1_103_515_245) + 12_345) >>> 0
      return random >>> 16
    })
    g722DecodeInto(decoder, octets, 0, 1000, back, 0)
    for (const value of decoder.bands) expect(Math.abs(value)).toBeLessThanOrEqual(32_768)
    expect(Math.max(...back.map(Math.abs))).toBeGreaterThan(10_000)
  })
})

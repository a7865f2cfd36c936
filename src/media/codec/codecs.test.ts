import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bestMatch, speechLike } from '../test/signals.ts'
import { createKernels } from '../wasm/kernels.ts'
import { Codecs } from './codecs.ts'

const NAMES = ['PCMU', 'PCMA', 'G722', 'L16'] as const

function open(name: (typeof NAMES)[number], kernels = createKernels()) {
  return new Codecs(kernels).open(name)
}

describe.each(NAMES)('%s for a stream', (name) => {
  it.each([10, 20, 30, 40, 60])('carries speech in packets of %i ms', (packetMs) => {
    const codec = open(name)
    const speech = speechLike(1200)
    const samples = packetMs * 8
    const back = new Int16Array(speech.length)
    const payload = new Uint8Array(960)
    for (let at = 0; at < speech.length; at += samples) {
      const length = codec.encodeInto(speech, at, samples, payload, 0)
      expect(codec.samplesIn(payload, 0, length)).toBe(samples)
      expect(codec.decodeInto(payload, 0, length, back, at)).toBe(samples)
    }
    expect(bestMatch(back, speech.subarray(800, 8800), 900).correlation).toBeGreaterThan(0.99)
  })

  it('gives the same on kernels and on twins', () => {
    const codecs = [open(name), open(name, createKernels({ kind: 'twin' }))]
    const speech = speechLike(200, 3)
    const results = codecs.map((codec) => {
      const payload = new Uint8Array(3200)
      const length = codec.encodeInto(speech, 0, 160, payload, 0)
      const more = codec.encodeInto(speech, 160, 320, payload, length)
      const back = new Int16Array(480)
      codec.decodeInto(payload, 0, length + more, back, 0)
      return { payload: [...payload], back: [...back] }
    })
    expect(results[0]).toEqual(results[1])
  })

  it('gives the same for a whole sound at once as packet by packet', () => {
    const speech = speechLike(1200)
    const [atOnce, inPackets] = [open(name), open(name)]
    const [whole, parts] = [new Uint8Array(19_200), new Uint8Array(19_200)]
    const length = atOnce.encodeInto(speech, 0, speech.length, whole, 0)
    let filled = 0
    for (let at = 0; at < speech.length; at += 160) filled += inPackets.encodeInto(speech, at, 160, parts, filled)
    expect([filled, parts]).toEqual([length, whole])
    const [back, backInParts] = [new Int16Array(speech.length), new Int16Array(speech.length)]
    expect(atOnce.decodeInto(whole, 0, length, back, 0)).toBe(speech.length)
    const packet = length / 60
    for (let i = 0; i < 60; i++) inPackets.decodeInto(whole, i * packet, packet, backInParts, i * 160)
    expect(backInParts).toEqual(back)
  })

  it('is silent when it should be', () => {
    const codec = open(name)
    const payload = new Uint8Array(640)
    const back = new Int16Array(160)
    for (let i = 0; i < 3; i++) codec.decodeInto(payload, 0, codec.silenceInto(160, payload, 0), back, 0)
    expect(Math.max(...back.map(Math.abs))).toBeLessThanOrEqual(8)
  })

  it('takes any payload', () => {
    const codec = open(name)
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 640 }), (payload) => {
        const into = new Int16Array(700).fill(77)
        const count = codec.samplesIn(payload, 0, payload.length)
        expect(codec.decodeInto(payload, 0, payload.length, into, 0)).toBe(count)
        expect(into[count]).toBe(77)
      }),
    )
  })
})

describe('Codecs', () => {
  it('takes nothing from the arena for good when streams come and go', () => {
    const kernels = createKernels()
    const codecs = new Codecs(kernels)
    const payload = new Uint8Array(160)
    const samples = new Int16Array(160)
    const use = (): void => {
      const codec = codecs.open('G722')
      codec.encodeInto(samples, 0, 160, payload, 0)
      codec.decodeInto(payload, 0, 160, samples, 0)
      codec.release()
    }
    use()
    const { left } = kernels.arena
    for (let i = 0; i < 100; i++) use()
    expect(kernels.arena.left).toBe(left)
  })

  it('keeps streams of G.722 apart', () => {
    const codecs = new Codecs(createKernels())
    const speech = [speechLike(400, 1), speechLike(400, 2)]
    const alone = speech.map((sound) => {
      const into = new Uint8Array(3200)
      codecs.open('G722').encodeInto(sound.subarray(0, 640), 0, 640, into, 0)
      return into
    })
    const streams = speech.map(() => codecs.open('G722'))
    const together = speech.map(() => new Uint8Array(3200))
    for (let at = 0; at < 640; at += 160)
      for (const [i, codec] of streams.entries()) codec.encodeInto(speech[i], at, 160, together[i], at)
    expect(together).toEqual(alone)
  })
})

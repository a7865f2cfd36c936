import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { toneLevelDbm0 } from '../../dsp/goertzel.ts'
import { opusForTests } from '../../test/opus.ts'
import { bestMatch, speechLike } from '../../test/signals.ts'
import { createKernels } from '../../wasm/kernels.ts'
import type { Codec } from '../codec.ts'
import { Codecs } from '../codecs.ts'
import type { OpusLibrary } from './library.ts'
import { opusTicks } from './packet.ts'

let library: OpusLibrary

beforeAll(async () => {
  library = await opusForTests()
})

function open(sampleRateHz: 8000 | 16_000, wishes = {}): Codec {
  return new Codecs(createKernels(), library).open('OPUS', sampleRateHz, wishes)
}

function packets(codec: Codec, sound: Int16Array, samples: number): Uint8Array[] {
  const payload = new Uint8Array(640)
  return Array.from({ length: Math.floor(sound.length / samples) }, (_, i) =>
    payload.slice(0, codec.encodeInto(sound, i * samples, samples, payload, 0)),
  )
}

/** Levels are measured as if the samples were of 8 kHz. */
const HALF_OF_5000 = 2500

/** Harmonics of a voice that glides, which Opus was made for. */
function voice(durationMs: number, sampleRateHz: number): Int16Array {
  let phase = 0
  return Int16Array.from({ length: (durationMs * sampleRateHz) / 1000 }, (_, i) => {
    const t = i / sampleRateHz
    phase += (2 * Math.PI * (130 + 30 * Math.sin(3 * t))) / sampleRateHz
    let sum = 0
    for (let k = 1; k <= 12; k++) sum += Math.sin(k * phase) / k
    return 5000 * (0.4 + 0.6 * Math.abs(Math.sin(5 * t))) * sum
  })
}

/** A voice at 16 kHz that takes another note each 100 ms, where it was not to be expected. */
function syllables(durationMs: number): Int16Array {
  const notes = [110, 190, 140, 250, 120, 210, 160]
  return Int16Array.from({ length: durationMs * 16 }, (_, i) => {
    const hz = notes[Math.floor((i - 960) / 1600) % notes.length] ?? 110
    let sum = 0
    for (let k = 1; k <= 12; k++) sum += Math.sin((2 * Math.PI * k * hz * i) / 16_000) / k
    return 5000 * sum
  })
}

describe('the length of an Opus packet', () => {
  const length = (toc: number, ...rest: number[]): number => opusTicks(Uint8Array.of(toc, ...rest), 0, 1 + rest.length)

  it('is read from its first octet (RFC 6716 table 2)', () => {
    const ofConfigurations = Array.from({ length: 32 }, (_, config) => length(config << 3) / 48)
    const silk = [10, 20, 40, 60]
    const celt = [2.5, 5, 10, 20]
    expect(ofConfigurations).toEqual([...silk, ...silk, ...silk, 10, 20, 10, 20, ...celt, ...celt, ...celt, ...celt])
  })

  it('counts the frames', () => {
    expect(length((1 << 3) | 1, 7, 7) / 48).toBe(40)
    expect(length((1 << 3) | 2, 1, 7, 7) / 48).toBe(40)
    expect(length((1 << 3) | 3, 0x80 | 6, 0) / 48).toBe(120)
  })

  it('is 0 for what cannot be', () => {
    expect(opusTicks(new Uint8Array(0), 0, 0)).toBe(0)
    expect(length((1 << 3) | 1, 7)).toBe(0)
    expect(length((1 << 3) | 2)).toBe(0)
    expect(length((1 << 3) | 3)).toBe(0)
    expect(length((1 << 3) | 3, 0)).toBe(0)
    expect(length((1 << 3) | 3, 7)).toBe(0)
    expect(opusTicks(new Uint8Array(1277), 0, 1277)).toBe(0)
  })
})

describe.each([8000, 16_000] as const)('Opus at %i Hz', (rate) => {
  it.each([10, 20, 40, 60])('carries a voice in packets of %i ms', (packetMs) => {
    const [sender, receiver] = [open(rate), open(rate)]
    const sound = voice(1200, rate)
    const samples = (packetMs * rate) / 1000
    const back = new Int16Array(sound.length)
    for (const [i, packet] of packets(sender, sound, samples).entries()) {
      expect(opusTicks(packet, 0, packet.length)).toBe(packetMs * 48)
      expect(receiver.samplesIn(packet, 0, packet.length)).toBe(samples)
      expect(receiver.decodeInto(packet, 0, packet.length, back, i * samples)).toBe(samples)
    }
    expect(bestMatch(back, sound.subarray(rate / 10, rate), rate / 4).correlation).toBeGreaterThan(0.8)
  })

  it('refuses packets of a length that is none of its own', () => {
    expect(() => open(rate).encodeInto(new Int16Array(240), 0, (rate / 1000) * 15, new Uint8Array(640), 0)).toThrow(
      RangeError,
    )
  })

  it('makes silence of silence', () => {
    const [sender, receiver] = [open(rate), open(rate)]
    const payload = new Uint8Array(640)
    const back = new Int16Array(rate / 50)
    for (let i = 0; i < 5; i++) receiver.decodeInto(payload, 0, sender.silenceInto(rate / 50, payload, 0), back, 0)
    expect(Math.max(...back.map(Math.abs))).toBeLessThanOrEqual(8)
  })
})

describe('Opus', () => {
  it('is wideband at 16 kHz', () => {
    const [sender, receiver] = [open(16_000), open(16_000)]
    const sound = Int16Array.from({ length: 16_000 }, (_, i) => 8000 * Math.sin((2 * Math.PI * 5000 * i) / 16_000))
    const back = new Int16Array(sound.length)
    for (const [i, packet] of packets(sender, sound, 320).entries())
      receiver.decodeInto(packet, 0, packet.length, back, i * 320)
    const heard = toneLevelDbm0(back.subarray(8000, 12_000), HALF_OF_5000)
    expect(Math.abs(heard - toneLevelDbm0(sound.subarray(8000, 12_000), HALF_OF_5000))).toBeLessThan(2)
  })

  it('is decoded at another rate than it was made for', () => {
    const [sender, receiver] = [open(16_000), open(8000)]
    const packet = packets(sender, voice(20, 16_000), 320)[0]!
    expect(receiver.decodeInto(packet, 0, packet.length, new Int16Array(160), 0)).toBe(160)
  })

  it('sends no more bits than the far end wants', () => {
    const octets = (wishes: object): number =>
      packets(open(16_000, wishes), voice(2000, 16_000), 320).reduce((sum, { length }) => sum + length, 0)
    const plain = octets({})
    expect((plain * 8) / 2).toBeLessThan(30_000)
    expect((octets({ maxAverageBitrate: 8000 }) * 8) / 2).toBeLessThan(11_000)
    expect(
      new Set(packets(open(16_000, { constantBitrate: true }), voice(500, 16_000), 320).map((p) => p.length)).size,
    ).toBe(1)
  })

  it('falls silent where the far end likes that, in packets that announce it', () => {
    const codec = open(16_000, { useDtx: true })
    const lengths = packets(codec, new Int16Array(32_000), 320).map(({ length }) => length)
    expect(lengths.filter((length) => length <= (codec.pauseOctets ?? 0)).length).toBeGreaterThan(50)
    expect(Math.min(...packets(open(16_000), new Int16Array(32_000), 320).map(({ length }) => length))).toBeGreaterThan(
      2,
    )
  })

  /** Loses every fifth packet and returns how alike to the whole sound the sound of the lost places is. */
  function heardOfLost(
    wishes: object,
    repair: (codec: Codec, next: Uint8Array, into: Int16Array, at: number) => unknown,
  ) {
    const sound = syllables(4000)
    const [sender, receiver, whole] = [open(16_000, wishes), open(16_000), open(16_000)]
    sender.expectLoss?.(0.2)
    const sent = packets(sender, sound, 320)
    const [heard, all] = [new Int16Array(sound.length), new Int16Array(sound.length)]
    const [lostOfHeard, lostOfAll]: [number[], number[]] = [[], []]
    for (const [i, packet] of sent.entries()) {
      whole.decodeInto(packet, 0, packet.length, all, i * 320)
      const isLost = i % 5 === 3 && i + 1 < sent.length
      if (isLost) repair(receiver, sent[i + 1]!, heard, i * 320)
      else receiver.decodeInto(packet, 0, packet.length, heard, i * 320)
      if (!isLost || i < 20) continue
      lostOfHeard.push(...heard.subarray(i * 320, i * 320 + 320))
      lostOfAll.push(...all.subarray(i * 320, i * 320 + 320))
    }
    return bestMatch(Int16Array.from(lostOfHeard), Int16Array.from(lostOfAll), 0).correlation
  }

  it('makes up what was lost, and does better with what the next packet repeats of it', () => {
    const concealed = heardOfLost({}, (codec, _next, into, at) => expect(codec.concealInto?.(320, into, at)).toBe(true))
    const recovered = heardOfLost({ useInbandFec: true }, (codec, next, into, at) =>
      expect(codec.recoverInto?.(next, 0, next.length, 320, into, at)).toBe(true),
    )
    expect(concealed).toBeGreaterThan(0.2)
    expect(recovered).toBeGreaterThan(concealed + 0.1)
    expect(recovered).toBeGreaterThan(0.8)
  })

  it('leaves gaps that it has no frames for to others', () => {
    const codec = open(16_000)
    const into = new Int16Array(640)
    expect(codec.concealInto?.(320, into, 0)).toBe(false)
    const packet = packets(open(16_000), voice(20, 16_000), 320)[0]!
    codec.decodeInto(packet, 0, packet.length, into, 0)
    expect(codec.concealInto?.(33, into, 0)).toBe(false)
    expect(codec.concealInto?.(320, into, 0)).toBe(true)
  })

  it('takes any payload, writes no more than it says, and counts what was no sound', () => {
    const codec = open(16_000)
    const real = packets(open(16_000), speechLike(400, 4), 320)
    const payloads = fc.oneof(
      fc.uint8Array({ maxLength: 640 }),
      fc.tuple(fc.constantFrom(...real), fc.array(fc.tuple(fc.nat(700), fc.nat(255)))).map(([packet, changes]) => {
        const broken = packet.slice()
        for (const [at, value] of changes) if (at < broken.length) broken[at] = value
        return broken
      }),
    )
    fc.assert(
      fc.property(payloads, (payload) => {
        const into = new Int16Array(2000).fill(77)
        const count = codec.samplesIn(payload, 0, payload.length)
        if (count === 0) return
        expect(codec.decodeInto(payload, 0, payload.length, into, 0)).toBe(count)
        expect(into[count]).toBe(77)
        codec.recoverInto?.(payload, 0, payload.length, 320, into, 0)
      }),
      { numRuns: 2000 },
    )
    expect(codec.undecodable).toBeGreaterThan(0)
  })

  it('gives its memory back', () => {
    const codecs = new Codecs(createKernels(), library)
    const payload = new Uint8Array(640)
    const samples = new Int16Array(320)
    for (let i = 0; i < 2000; i++) {
      const codec = codecs.open('OPUS', 16_000)
      codec.decodeInto(payload, 0, codec.encodeInto(samples, 0, 320, payload, 0), samples, 0)
      codec.release()
    }
    expect(library.memoryBytes).toBeLessThanOrEqual(2 ** 24)
  })

  it('works on when its memory has grown', () => {
    const codecs = new Codecs(createKernels(), library)
    const before = library.memoryBytes
    const many = Array.from({ length: 500 }, () => codecs.open('OPUS', 16_000))
    const payload = new Uint8Array(640)
    for (const codec of many) {
      const back = new Int16Array(320)
      const packet = packets(codec, voice(20, 16_000), 320)[0]!
      payload.set(packet)
      expect(codec.decodeInto(payload, 0, packet.length, back, 0)).toBe(320)
    }
    expect(library.memoryBytes).toBeGreaterThan(before)
    for (const codec of many) codec.release()
  })

  it('is missing where there is no library', () => {
    expect(() => new Codecs(createKernels()).open('OPUS')).toThrow('this engine has no Opus')
  })
})

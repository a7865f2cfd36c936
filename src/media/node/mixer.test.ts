import { PerformanceObserver } from 'node:perf_hooks'
import { describe, expect, it } from 'vitest'
import { Codecs } from '../codec/codecs.ts'
import { toneLevelDbm0 } from '../dsp/goertzel.ts'
import { sinePeak } from '../dsp/level.ts'
import { limit } from '../dsp/mix.ts'
import type { CodecName } from '../engine/control.ts'
import { createKernels } from '../wasm/kernels.ts'
import { Mixer } from './mixer.ts'
import { MixerParty } from './mixer-party.ts'
import { OutgoingPacket } from './transmitter.ts'

/** A room whose parties say what they are told to, round by round. */
class Room {
  readonly kernels = createKernels()
  readonly codecs = new Codecs(this.kernels)
  readonly mixer = new Mixer(this.kernels, this.codecs)
  readonly parties: MixerParty[] = []
  readonly packet = new OutgoingPacket(this.kernels.arena, this.codecs.open('L16'))
  readonly #frame = this.kernels.arena.int16(160)

  join(count: number): void {
    for (let i = 0; i < count; i++) this.parties.push(new MixerParty(this.mixer))
  }

  /** Lets the parties hear what their far ends say, silence where nothing is given, and mixes. */
  round(...said: (Int16Array | undefined)[]): void {
    for (const [i, party] of this.parties.entries()) {
      this.#frame.fill(0)
      this.#frame.set(said[i] ?? [])
      party.hear(this.#frame)
    }
    this.mixer.mix()
  }

  /** What party `index` sends, decoded; `undefined` when it sends nothing in this slot. */
  sent(index: number, name: CodecName = 'L16', samples = 160): Int16Array | undefined {
    const { packet } = this
    packet.codec = this.codecs.open(name)
    packet.samples = samples
    if (this.parties[index].fill(packet) === 'pause') return undefined
    const into = new Int16Array(samples)
    expect(packet.codec.decodeInto(packet.bytes, packet.payloadOffset, packet.payloadLength, into, 0)).toBe(samples)
    return into
  }
}

function tone(frequencyHz: number, level = -20, from = 0, length = 160): Int16Array {
  const omega = (2 * Math.PI * frequencyHz) / 8000
  return Int16Array.from({ length }, (_, i) => Math.round(sinePeak(level) * Math.sin(omega * (from + i))))
}

const sum = (...voices: Int16Array[]): number[] =>
  Array.from({ length: 160 }, (_, i) => limit(voices.reduce((total, voice) => total + voice[i], 0)))

describe('Mixer', () => {
  it('lets everybody hear everybody else, and nobody themselves', () => {
    const room = new Room()
    room.join(4)
    const [a, b, c] = [tone(300), tone(700), tone(1100)]
    room.round(a, b, c)
    expect([...room.sent(0)!]).toEqual(sum(b, c))
    expect([...room.sent(1)!]).toEqual(sum(a, c))
    expect([...room.sent(2)!]).toEqual(sum(a, b))
    expect([...room.sent(3)!]).toEqual(sum(a, b, c))
  })

  it('limits what two shout at once, without folding it over', () => {
    const room = new Room()
    room.join(3)
    const loud = tone(400, 3)
    room.round(loud, loud)
    expect([...room.sent(2)!]).toEqual(sum(loud, loud))
    expect([...room.sent(0)!]).toEqual([...loud].map(limit))
  })

  it('keeps those out who only make noise, and a speaker in for half a second after the last word', () => {
    const room = new Room()
    room.join(2)
    const noise = tone(900, -60)
    room.round(noise)
    expect([...room.sent(1)!]).toEqual(new Array(160).fill(0))
    room.round(tone(900))
    expect(room.parties[0].isSpeaking).toBe(true)
    for (let i = 0; i < 24; i++) {
      room.round(noise)
      expect([...room.sent(1)!]).toEqual([...noise])
    }
    room.round(noise)
    expect(room.parties[0].isSpeaking).toBe(false)
    expect([...room.sent(1)!]).toEqual(new Array(160).fill(0))
  })

  it('sends in each codec of the room what it is to hear there', () => {
    const room = new Room()
    room.join(5)
    for (let i = 0; i < 25; i++) {
      room.round(tone(1000, -13, i * 160))
      for (const [index, name] of ['L16', 'PCMU', 'PCMA', 'PCMU'].entries()) {
        const heard = room.sent(index + 1, name as CodecName)!
        expect(Math.abs(toneLevelDbm0(heard, 1000) + 13)).toBeLessThan(0.2)
      }
    }
  })

  it('keeps one stream of G.722 for all who listen in it', () => {
    const room = new Room()
    room.join(3)
    const decoders = [room.codecs.open('G722'), room.codecs.open('G722')]
    const heard = decoders.map(() => new Int16Array(50 * 160))
    for (let i = 0; i < 50; i++) {
      room.round(tone(1000, -13, i * 160))
      for (const [listener, decoder] of decoders.entries()) {
        room.packet.codec = decoder
        room.packet.samples = 160
        room.parties[listener + 1].fill(room.packet)
        decoder.decodeInto(room.packet.bytes, room.packet.payloadOffset, 160, heard[listener], i * 160)
      }
    }
    expect(heard[0]).toEqual(heard[1])
    expect(Math.abs(toneLevelDbm0(heard[0].subarray(4000), 1000) + 13)).toBeLessThan(0.2)
  })

  it.each([80, 240, 320, 480])('serves packets of %i samples without a gap', (samples) => {
    const room = new Room()
    room.join(2)
    const heard: number[] = []
    let slot = 0
    for (let i = 0; i < 60; i++) {
      room.round(tone(500, -20, i * 160))
      for (; (slot + 1) * samples <= (i + 1) * 160; slot++) heard.push(...(room.sent(1, 'PCMU', samples) ?? []))
    }
    const said = tone(500, -20, 0, 60 * 160)
    const octets = new Uint8Array(said.length)
    room.kernels.encodePcmu(said, 0, said.length, octets, 0)
    room.kernels.decodePcmu(octets, 0, said.length, said, 0)
    const at = said.findIndex((_, i) => heard.slice(0, 400).every((value, k) => value === said[i + k]))
    expect(at).toBeGreaterThanOrEqual(0)
    expect(heard).toEqual([...said.subarray(at, at + heard.length)])
    expect(heard.length).toBeGreaterThan(55 * 160)
  })

  it('is right in whatever order the legs are visited: what was said last is never heard twice or by its speaker', () => {
    const room = new Room()
    room.join(3)
    const frame = room.kernels.arena.int16(160)
    const words = Array.from({ length: 20 }, (_, i) => tone(300 + 100 * i))
    for (const [i, word] of words.entries()) {
      // The first leg is visited before the others and before the round ends.
      frame.set(word)
      room.parties[0].hear(frame)
      const own = room.sent(0)!
      room.mixer.mix()
      expect([...own]).toEqual(new Array(160).fill(0))
      expect([...room.sent(1)!]).toEqual([...word])
      expect(room.mixer.round).toBe(i + 1)
    }
  })

  it('leaves out a second frame in one round', () => {
    const room = new Room()
    room.join(2)
    room.parties[0].hear(tone(400))
    room.parties[0].hear(tone(800))
    room.mixer.mix()
    expect([...room.sent(1)!]).toEqual([...tone(400)])
  })

  it('gives everything back when the room ends', () => {
    const kernels = createKernels()
    const codecs = new Codecs(kernels)
    const meet = (): void => {
      const mixer = new Mixer(kernels, codecs)
      const parties = [new MixerParty(mixer), new MixerParty(mixer)]
      const packet = new OutgoingPacket(kernels.arena, codecs.open('G722'))
      for (const samples of [160, 320]) {
        packet.samples = samples
        mixer.mix()
        for (const party of parties) party.fill(packet)
      }
      for (const party of parties) party.leave()
      mixer.release()
      kernels.arena.release(packet.bytes)
      kernels.arena.release(packet.pcm)
    }
    meet()
    const { left } = kernels.arena
    for (let i = 0; i < 20; i++) meet()
    expect(kernels.arena.left).toBe(left)
  })

  it('collects no garbage in 200,000 ticks', async () => {
    const room = new Room()
    room.join(6)
    const words = [tone(300), tone(700), tone(1100)].map((word) => {
      const resident = room.kernels.arena.int16(160)
      resident.set(word)
      return resident
    })
    const silence = room.kernels.arena.int16(160)
    const { packet, parties, mixer } = room
    const codecs = (['PCMU', 'PCMA', 'PCMU', 'PCMA', 'L16', 'PCMU'] as const).map((name) => room.codecs.open(name))
    const tick = (): void => {
      for (let i = 0; i < 6; i++) parties[i].hear(i < 3 ? words[i] : silence)
      mixer.mix()
      for (let i = 0; i < 6; i++) {
        packet.codec = codecs[i]
        parties[i].fill(packet)
      }
    }
    for (let i = 0; i < 20_000; i++) tick()
    let collections = 0
    const observer = new PerformanceObserver((list) => {
      collections += list.getEntries().length
    })
    const before = process.memoryUsage().heapUsed
    observer.observe({ entryTypes: ['gc'] })
    for (let i = 0; i < 200_000; i++) tick()
    const grown = process.memoryUsage().heapUsed - before
    await new Promise((resolve) => setImmediate(resolve))
    observer.disconnect()
    expect(collections).toBe(0)
    expect(grown).toBeLessThan(1_000_000)
  })
})

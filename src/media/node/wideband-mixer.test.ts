import { describe, expect, it } from 'vitest'
import type { Codec } from '../codec/codec.ts'
import { Codecs } from '../codec/codecs.ts'
import { toneLevelDbm0 } from '../dsp/goertzel.ts'
import type { CodecName } from '../engine/control.ts'
import { createKernels, type Kernels } from '../wasm/kernels.ts'
import { MIXER_FRAME, Mixer } from './mixer.ts'
import { MixerParty } from './mixer-party.ts'
import { OutgoingPacket } from './transmitter.ts'

const AMPLITUDE = 8000

/** A far end in the room: what it says goes through its codec, and so does what it hears. */
class Guest {
  readonly heard: number[] = []
  readonly party: MixerParty
  readonly codec: Codec
  readonly #mouth: Codec
  readonly #ear: Codec
  readonly #frame: Int16Array
  readonly #packet: OutgoingPacket

  constructor(mixer: Mixer, codecs: Codecs, kernels: Kernels, name: CodecName, rateHz: 8000 | 16_000) {
    this.party = new MixerParty(mixer)
    this.codec = codecs.open(name, rateHz)
    this.#mouth = codecs.open(name, rateHz)
    this.#ear = codecs.open(name, rateHz)
    this.#frame = kernels.arena.int16(rateHz / 50)
    this.#packet = new OutgoingPacket(kernels.arena, this.codec)
    this.#packet.samples = rateHz / 50
  }

  say(round: number, frequencyHz: number | undefined): void {
    const { length } = this.#frame
    const payload = new Uint8Array(640)
    const omega = (2 * Math.PI * (frequencyHz ?? 0)) / (50 * length)
    const sound = Int16Array.from({ length }, (_, i) => AMPLITUDE * Math.sin(omega * (round * length + i)))
    this.#mouth.decodeInto(payload, 0, this.#mouth.encodeInto(sound, 0, length, payload, 0), this.#frame, 0)
    if (length === MIXER_FRAME) this.party.hear(this.#frame)
    else this.party.hearWide(this.#frame)
  }

  /** Returns the payload. */
  listen(samples: number = this.#frame.length): Uint8Array {
    const packet = this.#packet
    packet.samples = samples
    if (this.party.fill(packet) === 'pause') return new Uint8Array(0)
    const payload = packet.bytes.slice(packet.payloadOffset, packet.payloadOffset + packet.payloadLength)
    const into = new Int16Array(1000)
    const count = this.#ear.decodeInto(payload, 0, payload.length, into, 0)
    this.heard.push(...into.subarray(0, count))
    return payload
  }

  /** The level of a frequency in the last 200 ms that it heard. */
  level(frequencyHz: number): number {
    const count = this.#frame.length * 10
    const perHz = 8000 / (50 * this.#frame.length)
    return toneLevelDbm0(Int16Array.from(this.heard.slice(-count)), frequencyHz * perHz)
  }
}

function room(...kinds: (readonly [CodecName, 8000 | 16_000])[]) {
  const plain = createKernels()
  let conversions = 0
  const kernels: Kernels = {
    ...plain,
    polyphaseInto: (...all) => {
      conversions++
      plain.polyphaseInto(...all)
    },
  }
  const codecs = new Codecs(kernels)
  const mixer = new Mixer(kernels, codecs)
  const guests = kinds.map(([name, rateHz]) => new Guest(mixer, codecs, kernels, name, rateHz))
  let round = 0
  const rounds = (count: number, ...said: (number | undefined)[]): void => {
    for (let i = 0; i < count; i++, round++) {
      for (const [index, guest] of guests.entries()) guest.say(round, said[index])
      mixer.mix()
      for (const guest of guests) guest.listen()
    }
  }
  return { mixer, guests, rounds, conversions: () => conversions }
}

const WIDE = ['G722', 16_000] as const
const PHONE = ['PCMU', 8000] as const
/** Of the tone that is said. */
const LEVEL = toneLevelDbm0(
  Int16Array.from({ length: 1600 }, (_, i) => AMPLITUDE * Math.sin((2 * Math.PI * 1000 * i) / 8000)),
  1000,
)

describe('a room with wideband parties', () => {
  it('carries 5 kHz from G.722 to G.722, to one who listens and to one who speaks too', () => {
    const { guests, rounds } = room(WIDE, WIDE, WIDE)
    rounds(40, 5000, undefined, 700)
    expect(Math.abs(guests[1].level(5000) - LEVEL)).toBeLessThan(1.5)
    expect(Math.abs(guests[2].level(5000) - LEVEL)).toBeLessThan(1.5)
    expect(guests[0].level(5000)).toBeLessThan(-40)
  })

  it('lets telephones hear and be heard, without what would fold down onto them', () => {
    const { guests, rounds } = room(WIDE, PHONE, PHONE)
    rounds(40, 1000, 600, undefined)
    for (const [hearer, frequency] of [
      [0, 600],
      [1, 1000],
      [2, 600],
      [2, 1000],
    ])
      expect(Math.abs(guests[hearer].level(frequency) - LEVEL)).toBeLessThan(1)
    expect(guests[1].level(600)).toBeLessThan(-40)
    rounds(40, 5000, undefined, undefined)
    expect(guests[2].level(3000)).toBeLessThan(-35)
  })

  it('is wide from the round after the first wideband sound to the round after the last wideband party', () => {
    const { mixer, guests, rounds } = room(PHONE, PHONE, WIDE)
    expect(mixer.gatheringLength).toBe(160)
    rounds(1)
    expect(mixer.gatheringLength).toBe(320)
    rounds(30, 1000)
    guests[2].party.leave()
    guests.pop()
    rounds(2, 1000)
    expect([mixer.gatheringLength, mixer.mixedLength]).toEqual([160, 160])
    rounds(20, 1000)
    expect(Math.abs(guests[1].level(1000) - LEVEL)).toBeLessThan(0.3)
  })

  it('becomes narrow when the only wideband party changes to a codec of the telephone', () => {
    const { mixer, guests, rounds } = room(WIDE, PHONE)
    rounds(10, 5000)
    guests[0].party.hear(new Int16Array(160))
    mixer.mix()
    expect(mixer.gatheringLength).toBe(160)
  })

  it('encodes once for all who only listen in the same codec', () => {
    const { mixer, guests } = room(WIDE, WIDE, WIDE, PHONE, PHONE)
    for (let round = 0; round < 20; round++) {
      for (const [i, guest] of guests.entries()) guest.say(round, i === 0 ? 1000 : undefined)
      mixer.mix()
      const [, first, second, phone, other] = guests.map((guest) => guest.listen())
      expect([second, other]).toEqual([first, phone])
    }
  })

  it('serves packets of other lengths', () => {
    const { mixer, guests } = room(WIDE, WIDE)
    for (let round = 0; round < 60; round++) {
      for (const [i, guest] of guests.entries()) guest.say(round, i === 0 ? 5000 : undefined)
      mixer.mix()
      if (round % 2 === 1) guests[1].listen(640)
    }
    expect(Math.abs(guests[1].level(5000) - LEVEL)).toBeLessThan(1.5)
  })

  it('does nothing at 16 kHz while there are only telephones', () => {
    const { mixer, rounds, conversions } = room(PHONE, PHONE, ['PCMA', 8000], ['L16', 8000])
    rounds(100, 400, 700)
    expect([conversions(), mixer.gatheringLength, mixer.mixedLength]).toEqual([0, 160, 160])
  })
})

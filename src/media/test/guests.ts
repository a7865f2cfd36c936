import type { Codec } from '../codec/codec.ts'
import { Codecs } from '../codec/codecs.ts'
import type { OpusLibrary } from '../codec/opus/library.ts'
import { toneLevelDbm0 } from '../dsp/goertzel.ts'
import type { CodecName, MediaCommand, StreamParameters } from '../engine/control.ts'
import { RtpPacket } from '../rtp/packet.ts'
import { createKernels } from '../wasm/kernels.ts'
import { openLeg, streamTo } from './harness.ts'
import { InProcessMedia } from './in-process.ts'
import { Party } from './party.ts'

const STREAMS = {
  PCMU: { payloadType: 0, rateHz: 8000, ticksPerMs: 8 },
  PCMA: { payloadType: 8, rateHz: 8000, ticksPerMs: 8 },
  L16: { payloadType: 118, rateHz: 8000, ticksPerMs: 8 },
  G722: { payloadType: 9, rateHz: 16_000, ticksPerMs: 8 },
  'L16/16000': { payloadType: 119, rateHz: 16_000, ticksPerMs: 16 },
  OPUS: { payloadType: 111, rateHz: 16_000, ticksPerMs: 48 },
} as const satisfies Record<CodecName, object>

/** Peak of what guests say. */
const PEAK = 4000
/** The level of that. */
export const SAID_DBM0: number = toneLevelDbm0(sine(1000, PEAK, 8000, 0, 1600), 1000)

/** A far end that says a tone of its own, without a break from the first packet on, and hears what its leg sends. */
export class Guest {
  readonly leg: number
  readonly codec: CodecName
  readonly party: Party
  /** What it says now, in Hz; `undefined` is silence. */
  frequencyHz: number | undefined
  /** What it says first, at {@link Guest.rateHz}. */
  sound: Int16Array = new Int16Array(0)
  /** How loud it says it: 1 is the usual. */
  loudness = 1
  /** Everything it has heard, decoded, one packet after the other. */
  readonly heard: number[] = []
  readonly rateHz: 8000 | 16_000
  readonly #mouth: Codec
  readonly #ear: Codec
  #said = 0

  constructor(leg: number, party: Party, name: CodecName, opus?: OpusLibrary) {
    this.leg = leg
    this.party = party
    this.rateHz = STREAMS[name].rateHz
    this.codec = name
    const codecs = new Codecs(createKernels({ kind: 'twin' }), opus)
    this.#mouth = codecs.open(name, this.rateHz)
    this.#ear = codecs.open(name, this.rateHz)
  }

  /** Says 20 ms. */
  say(): void {
    const samples = this.rateHz / 50
    const payload = new Uint8Array(1000)
    const sound =
      this.sound.length >= samples
        ? this.sound.subarray(0, samples)
        : sine(this.frequencyHz ?? 0, PEAK * this.loudness, this.rateHz, this.#said, samples)
    this.sound = this.sound.subarray(samples)
    this.#said += samples
    const length = this.#mouth.encodeInto(sound, 0, samples, payload, 0)
    const { payloadType, ticksPerMs } = STREAMS[this.codec]
    this.party.say(payload.slice(0, length), { payloadType, units: 20 * ticksPerMs })
  }

  /** Takes what has come since the last time. */
  listen(): void {
    const into = new Int16Array(2000)
    for (const { payload, payloadType } of this.party.heard.splice(0)) {
      if (payloadType !== STREAMS[this.codec].payloadType) continue
      this.heard.push(...into.subarray(0, this.#ear.decodeInto(payload, 0, payload.length, into, 0)))
    }
  }

  /** The level of a frequency in the last 200 ms that it heard, in dBm0. */
  level(frequencyHz: number): number {
    const last = Int16Array.from(this.heard.slice(-this.rateHz / 5))
    return last.length === 0 ? Number.NEGATIVE_INFINITY : toneLevelDbm0(last, (frequencyHz * 8000) / this.rateHz)
  }

  hears(frequencyHz: number): boolean {
    return Math.abs(this.level(frequencyHz) - SAID_DBM0) < 2
  }
}

/** An engine and its guests: guest `i` is on leg `i + 1`. */
export class Gathering {
  readonly media: InProcessMedia
  readonly guests: Guest[] = []
  readonly #opus: OpusLibrary | undefined

  constructor(opus?: OpusLibrary) {
    this.#opus = opus
    this.media = new InProcessMedia(opus === undefined ? {} : { opus })
    const view = new RtpPacket()
    this.media.network.watch = ({ bytes, to }) => {
      const guest = this.guests.find((_, i) => to.address === addressOf(i))
      if (guest === undefined) return true
      if (!view.parse(bytes)) throw new Error('what a leg has sent is no RTP')
      const { marker, payloadType, sequence, timestamp, ssrc, payloadOffset } = view
      const payload = bytes.slice(payloadOffset)
      guest.party.heard.push({ at: this.media.now, marker, payloadType, sequence, timestamp, ssrc, payload })
      return true
    }
  }

  /** Lets a far end come, and its stream begin. */
  async welcome(name: CodecName = 'PCMU', stream: Partial<StreamParameters> = {}): Promise<Guest> {
    const index = this.guests.length
    const leg = index + 1
    const port = await openLeg(this.media, leg)
    const party = new Party(this.media, { address: addressOf(index), port: 4000 }, port)
    party.ssrc += index
    const guest = new Guest(leg, party, name, this.#opus)
    this.guests.push(guest)
    this.start(guest, stream)
    return guest
  }

  /** Begins or changes the stream of a guest. */
  start(guest: Guest, stream: Partial<StreamParameters> = {}): void {
    this.media.send({ type: 'start', leg: guest.leg, stream: { ...this.streamOf(guest), ...stream } })
  }

  streamOf(guest: Guest): StreamParameters {
    const name = guest.codec
    return { ...streamTo(addressOf(guest.leg - 1), 4000), codec: name, payloadType: STREAMS[name].payloadType }
  }

  mix(guest: Guest, room = 1, how: Omit<Extract<MediaCommand, { type: 'mix' }>, 'type' | 'leg' | 'room'> = {}): void {
    this.media.send({ type: 'mix', leg: guest.leg, room, ...how })
  }

  /** Lets time pass, in which everybody says what they have to say. */
  async pass(durationMs: number, offsetMs = 0): Promise<void> {
    await this.media.pass(offsetMs)
    for (let at = 0; at < durationMs; at += 20) {
      for (const guest of this.guests) guest.say()
      await this.media.pass(20)
      for (const guest of this.guests) guest.listen()
    }
  }
}

function addressOf(index: number): string {
  return `${index < 200 ? '192.0.2' : '198.51.100'}.${index % 200}`
}

function sine(frequencyHz: number, peak: number, rateHz: number, from: number, length: number): Int16Array {
  const omega = (2 * Math.PI * frequencyHz) / rateHz
  return Int16Array.from({ length }, (_, i) => Math.round(peak * Math.sin(omega * (from + i))))
}

import { expect } from 'vitest'
import { diff32 } from '../../kit/index.ts'
import { codecNamed } from '../codec/codec.ts'
import type { OpusLibrary } from '../codec/opus/library.ts'
import type { CodecName, StreamParameters } from '../engine/control.ts'
import { RtpPacket, writeRtpHeader } from '../rtp/packet.ts'
import { openLeg, streamTo } from './harness.ts'
import { InProcessMedia } from './in-process.ts'

const ANN = { address: '192.0.2.1', port: 4000 }
const BOB = { address: '192.0.2.2', port: 4000 }

/** A packet as it came to a far end. */
export interface Wire {
  readonly at: number
  readonly marker: boolean
  readonly payloadType: number
  readonly sequence: number
  readonly timestamp: number
  readonly ssrc: number
  readonly payload: Uint8Array
}

/** A far end: says RTP packets to its leg and keeps what the leg sends it. */
export class Party {
  readonly heard: Wire[] = []
  sequence = 65_530
  timestamp = 0xffff_ff00
  ssrc = 77
  readonly #media: InProcessMedia
  readonly #from: { address: string; port: number }
  readonly #port: number

  constructor(media: InProcessMedia, from: { address: string; port: number }, port: number) {
    this.#media = media
    this.#from = from
    this.#port = port
  }

  /** Sends a packet as the next in sequence; its clock goes on by `units`. */
  say(payload: Uint8Array, { payloadType = 0, marker = false, units = payload.length } = {}): void {
    const bytes = new Uint8Array(12 + payload.length)
    writeRtpHeader(bytes, marker, payloadType, this.sequence & 0xffff, this.timestamp >>> 0, this.ssrc)
    bytes.set(payload, 12)
    this.sequence++
    this.timestamp += units
    this.raw(bytes)
  }

  raw(bytes: Uint8Array): void {
    this.#media.network.inject({ bytes, from: this.#from, to: { address: '127.0.0.1', port: this.#port } })
  }

  /** What it has heard that is no telephone event, decoded, every packet at its timestamp; silence where none was. */
  sound(codec: CodecName, payloadType: number): Int16Array {
    const audio = this.heard.filter((packet) => packet.payloadType === payloadType)
    const units = audio.map(({ timestamp }) => diff32(timestamp, audio[0].timestamp))
    const samples = new Int16Array(Math.max(...units) + 480)
    for (const [i, { payload }] of audio.entries())
      codecNamed(codec).decodeInto(payload, 0, payload.length, samples, units[i])
    return samples
  }
}

/** Ann and Bob, each on a leg of one engine: 1 and 2, bridged. */
export async function annAndBob(
  streams: {
    ann?: Partial<StreamParameters>
    bob?: Partial<StreamParameters>
    bobTakesEvents?: false
    opus?: OpusLibrary
  } = {},
): Promise<{ media: InProcessMedia; ann: Party; bob: Party; restart: (leg: 1 | 2, stream: object) => void }> {
  const media = new InProcessMedia(streams.opus === undefined ? {} : { opus: streams.opus })
  const restart = (leg: 1 | 2, stream: object): void => {
    const far = leg === 1 ? ANN : BOB
    const { telephoneEventPayloadType: events, ...plain } = streamTo(far.address, far.port)
    const takesEvents = events !== undefined && (leg === 1 || streams.bobTakesEvents !== false)
    media.send({
      type: 'start',
      leg,
      stream: { ...plain, ...(takesEvents && { telephoneEventPayloadType: events }), ...stream },
    })
  }
  const ports = [await openLeg(media, 1), await openLeg(media, 2)]
  const ann = new Party(media, ANN, ports[0])
  const bob = new Party(media, BOB, ports[1])
  const view = new RtpPacket()
  media.network.watch = ({ bytes, to }) => {
    const party = to.address === ANN.address ? ann : to.address === BOB.address ? bob : undefined
    if (party === undefined) return true
    expect(view.parse(bytes)).toBe(true)
    const { marker, payloadType, sequence, timestamp, ssrc, payloadOffset } = view
    const payload = bytes.slice(payloadOffset)
    party.heard.push({ at: media.now, marker, payloadType, sequence, timestamp, ssrc, payload })
    return true
  }
  restart(1, streams.ann ?? {})
  restart(2, streams.bob ?? {})
  await media.pass(300)
  expect([ann.heard.length > 0, bob.heard.length > 0]).toEqual([true, true])
  ann.heard.length = 0
  bob.heard.length = 0
  media.send({ type: 'bridge', leg: 1, other: 2 })
  expect(media.events.at(-1)).toEqual({ type: 'bridged', leg: 1, other: 2 })
  return { media, ann, bob, restart }
}

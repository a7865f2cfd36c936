import { codecNamed } from '../codec/codec.ts'
import type { AudioClip, CodecName } from '../engine/control.ts'
import type { OutgoingPacket } from './transmitter.ts'

/**
 * Fills packets with audio that lies in memory. What is held in the codec of the stream goes out as it is, octet by
 * octet; anything else is decoded and encoded. What is not filled is silence.
 */
export class PacketFiller {
  readonly #audio: Pick<AudioClip, 'encoding' | 'data'>
  #passesThrough = false
  #filled = 0

  constructor(audio: Pick<AudioClip, 'encoding' | 'data'>) {
    this.#audio = audio
  }

  begin(packet: OutgoingPacket): void {
    this.#passesThrough = this.#audio.encoding === PASSES_AS[packet.codec.name]
    this.#filled = 0
  }

  /** Puts up to `most` samples from `at` on into the packet and returns how many: fewer at the end of the memory. */
  put(packet: OutgoingPacket, at: number, most: number): number {
    const { encoding, data } = this.#audio
    const count = Math.min(most, data.length - at)
    if (this.#passesThrough) copyInto(packet.bytes, packet.payloadOffset + this.#filled, data, at, count)
    else if (encoding === 'pcm16') copyInto(packet.pcm, this.#filled, data, at, count)
    else
      codecNamed(encoding === 'pcmu' ? 'PCMU' : 'PCMA').decodeInto(
        data as Uint8Array,
        at,
        count,
        packet.pcm,
        this.#filled,
      )
    this.#filled += count
    return count
  }

  finish(packet: OutgoingPacket): void {
    const missing = packet.samples - this.#filled
    if (this.#passesThrough) {
      packet.codec.silenceInto(missing, packet.bytes, packet.payloadOffset + this.#filled)
      packet.payloadLength = packet.samples
    } else {
      packet.pcm.fill(0, this.#filled, packet.samples)
      packet.encode()
    }
  }
}

/** The encoding of audio that is payloads of a codec already. */
const PASSES_AS: Readonly<Partial<Record<CodecName, AudioClip['encoding']>>> = { PCMU: 'pcmu', PCMA: 'pcma' }

/** A loop and not `set(subarray())`: that would make one object per packet. */
function copyInto(
  into: Uint8Array | Int16Array,
  at: number,
  from: Uint8Array | Int16Array,
  start: number,
  count: number,
): void {
  for (let i = 0; i < count; i++) into[at + i] = from[start + i]!
}

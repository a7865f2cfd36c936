import { codecNamed } from '../codec/codec.ts'
import type { AudioClip, CodecName } from '../engine/control.ts'
import type { OutgoingPacket, Transmission, Transmitter } from './transmitter.ts'

/**
 * Plays a clip. A clip that is held in the codec of the stream goes out as it is, octet by octet; any other is
 * converted packet by packet. What is left of the last packet is silence.
 *
 * A slot that a stall has skipped delays the rest of the clip: a gap is heard, but no word is lost.
 */
export class ClipPlayer implements Transmitter {
  readonly #clip: AudioClip
  readonly #loop: boolean
  #at = 0

  constructor(clip: AudioClip, loop: boolean) {
    this.#clip = clip
    this.#loop = loop
  }

  fill(packet: OutgoingPacket): Transmission {
    const { data } = this.#clip
    if (data.length === 0 || (this.#at === data.length && !this.#loop)) return 'done'
    const passThrough = this.#clip.encoding === PASSES_AS[packet.codec.name]
    let filled = 0
    while (filled < packet.samples) {
      if (this.#at === data.length) {
        if (!this.#loop) break
        this.#at = 0
      }
      const count = Math.min(packet.samples - filled, data.length - this.#at)
      if (passThrough) copyInto(packet.bytes, packet.payloadOffset + filled, data, this.#at, count)
      else this.#decodeInto(packet.pcm, filled, count)
      this.#at += count
      filled += count
    }
    if (passThrough) {
      packet.codec.silenceInto(packet.samples - filled, packet.bytes, packet.payloadOffset + filled)
      packet.payloadLength = packet.samples
    } else {
      packet.pcm.fill(0, filled, packet.samples)
      packet.encode()
    }
    return 'audio'
  }

  #decodeInto(pcm: Int16Array, at: number, count: number): void {
    const clip = this.#clip
    if (clip.encoding === 'pcm16') copyInto(pcm, at, clip.data, this.#at, count)
    else codecNamed(clip.encoding === 'pcmu' ? 'PCMU' : 'PCMA').decodeInto(clip.data, this.#at, count, pcm, at)
  }
}

/** The encoding of clips that are payloads of a codec already. */
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

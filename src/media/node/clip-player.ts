import type { TwoRates } from '../dsp/two-rates.ts'
import type { AudioClip } from '../engine/control.ts'
import { PacketFiller } from './packet-filler.ts'
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
  readonly #filler: PacketFiller
  #at = 0

  /** @param rates as {@link PacketFiller} wants it */
  constructor(clip: AudioClip, loop: boolean, rates?: { readonly rates: TwoRates }) {
    this.#clip = clip
    this.#loop = loop
    this.#filler = new PacketFiller(clip, rates)
  }

  get isWideband(): boolean {
    return this.#filler.isWideband
  }

  fill(packet: OutgoingPacket): Transmission {
    const { length } = this.#clip.data
    if (length === 0 || (this.#at === length && !this.#loop)) return 'done'
    const filler = this.#filler
    filler.begin(packet)
    for (let left = filler.samplesFor(packet); left > 0; ) {
      if (this.#at === length) {
        if (!this.#loop) break
        this.#at = 0
      }
      const count = filler.put(packet, this.#at, left)
      this.#at += count
      left -= count
    }
    filler.finish(packet)
    return 'audio'
  }
}

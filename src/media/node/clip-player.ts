import type { TwoRates } from '../dsp/two-rates.ts'
import type { AudioClip } from '../engine/play-source.ts'
import { PacketFiller } from './packet-filler.ts'
import type { OutgoingPacket, Transmission, Transmitter } from './transmitter.ts'

/**
 * Plays a clip. A clip that is held in the codec of the stream goes out as it is, octet by octet; any other is
 * converted packet by packet. What is left of the last packet is silence.
 *
 * A slot that a stall has skipped delays the rest of the clip: a gap is heard, but no word is lost.
 */
export class ClipPlayer implements Transmitter {
  /** Of the clip: a number of its own, so that a visit need not look at the clip. */
  readonly #length: number
  readonly #loop: boolean
  readonly #filler: PacketFiller
  #at: number

  /**
   * @param rates as {@link PacketFiller} wants it
   * @param from the sample to begin at
   */
  constructor(clip: AudioClip, loop: boolean, rates?: { readonly rates: TwoRates }, from = 0) {
    this.#length = clip.data.length
    this.#loop = loop
    this.#at = Math.min(from, this.#length)
    this.#filler = new PacketFiller(clip, rates)
  }

  /** The sample that is played next. */
  get state(): number {
    return this.#at
  }

  set state(at: number) {
    this.#at = at
  }

  get isWideband(): boolean {
    return this.#filler.isWideband
  }

  touch(): number {
    return this.#at ^ this.#filler.touch(this.#at)
  }

  fill(packet: OutgoingPacket): Transmission {
    const length = this.#length
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

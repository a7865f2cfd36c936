import type { TwoRates } from '../dsp/two-rates.ts'
import type { LiveAudio } from '../engine/play-source.ts'
import { LiveReader } from '../live/live-audio.ts'
import { PacketFiller } from './packet-filler.ts'
import type { OutgoingPacket, Transmission, Transmitter } from './transmitter.ts'

/**
 * Plays what is written meanwhile, as soon as a packet of it is there, and silence while nothing is. Less than a packet
 * waits for one slot for the rest of it, so that one who writes in small pieces is not cut up.
 */
export class LivePlayer implements Transmitter {
  readonly #reader: LiveReader
  readonly #filler: PacketFiller
  readonly #onReached: () => void
  /** Samples that were there at the slot before and were no whole packet. */
  #heldBack = 0

  /**
   * @param onReached hears that the writer's position was reached, see `LiveWriter.tellAt`
   * @param rates as {@link PacketFiller} wants it
   */
  constructor(audio: LiveAudio, onReached: () => void, rates?: { readonly rates: TwoRates }) {
    this.#reader = new LiveReader(audio)
    this.#filler = new PacketFiller(audio, rates)
    this.#onReached = onReached
  }

  get isWideband(): boolean {
    return this.#filler.isWideband
  }

  fill(packet: OutgoingPacket): Transmission {
    const reader = this.#reader
    const filler = this.#filler
    const isEnded = reader.isEnded
    reader.skipCleared()
    const available = reader.available
    if (reader.takeTell()) this.#onReached()
    if (isEnded && available === 0) return 'done'
    const wanted = filler.samplesFor(packet)
    const waits = available < wanted && available !== this.#heldBack && !isEnded
    this.#heldBack = waits ? available : 0
    filler.begin(packet)
    for (let left = waits ? 0 : Math.min(available, wanted); left > 0; ) {
      const count = filler.put(packet, reader.at, left)
      reader.advance(count)
      left -= count
    }
    filler.finish(packet)
    return 'audio'
  }
}

import type { TwoRates } from '../dsp/two-rates.ts'
import type { AudioStream } from '../engine/play-source.ts'
import { StreamReader } from '../file/stream-ring.ts'
import { PacketFiller } from './packet-filler.ts'
import type { OutgoingPacket, Transmission, Transmitter } from './transmitter.ts'

/**
 * Plays what is read from disk meanwhile. When the disk falls behind it sends silence, until a fifth of a second is
 * there again or the end: one gap instead of many small ones. The rest comes later by as much: no word is lost.
 */
export class StreamPlayer implements Transmitter {
  readonly #reader: StreamReader
  readonly #filler: PacketFiller
  readonly #onUnderrun: () => void
  #isStarved = false

  readonly #refilled: number

  /**
   * @param onUnderrun hears of each gap, when it begins
   * @param rates as {@link PacketFiller} wants it
   */
  constructor(stream: AudioStream, onUnderrun: () => void, rates?: { readonly rates: TwoRates }) {
    this.#reader = new StreamReader(stream)
    this.#filler = new PacketFiller(stream, rates)
    this.#refilled = (REFILLED_MS * stream.sampleRateHz) / 1000
    this.#onUnderrun = onUnderrun
  }

  get isWideband(): boolean {
    return this.#filler.isWideband
  }

  fill(packet: OutgoingPacket): Transmission {
    const wanted = this.#filler.samplesFor(packet)
    const reader = this.#reader
    const isEnded = reader.isEnded
    const available = reader.available
    if (isEnded && available === 0) return 'done'
    const isShort = !isEnded && available < (this.#isStarved ? this.#refilled : wanted)
    if (isShort && !this.#isStarved) this.#onUnderrun()
    this.#isStarved = isShort
    const filler = this.#filler
    filler.begin(packet)
    for (let left = isShort ? 0 : Math.min(available, wanted); left > 0; ) {
      const count = filler.put(packet, reader.at, left)
      reader.advance(count)
      left -= count
    }
    filler.finish(packet)
    return 'audio'
  }
}

const REFILLED_MS = 200

import { codecNamed, createTapRing, TAP_BLOCK_MS, TapReader, type TapRing } from '../../media/index.ts'
import type { LiveFormat, LiveSamples } from './live-format.ts'

/** What the far end says, live: blocks of 20 ms out of the ring of a tap, in the format that was asked for. */
export class LiveInput {
  readonly ring: TapRing
  readonly #reader: TapReader
  readonly #encoding: LiveFormat['encoding']
  readonly #onLost: (lostMs: number) => void
  #lostBlocks = 0

  /** @param onLost hears of what was lost, when that is found out */
  constructor({ encoding, sampleRateHz }: LiveFormat, onLost: (lostMs: number) => void) {
    this.#onLost = onLost
    this.ring = createTapRing(sampleRateHz)
    this.#reader = new TapReader(this.ring)
    this.#encoding = encoding
  }

  /** What was lost because it was not read in time: whoever reads may be 1.2 s late. */
  get lostMs(): number {
    return TAP_BLOCK_MS * this.#lostBlocks
  }

  /** The next block. When there is none yet, the tap says when there is. */
  read(): LiveSamples | undefined {
    return this.#next() ?? this.#listenAgain()
  }

  /** What came between the look and the wish to be told is not told of. */
  #listenAgain(): LiveSamples | undefined {
    this.#reader.listen()
    return this.#next()
  }

  #next(): LiveSamples | undefined {
    const samples = this.#reader.read()
    const lost = this.#reader.lost - this.#lostBlocks
    if (lost > 0) {
      this.#lostBlocks += lost
      this.#onLost(TAP_BLOCK_MS * lost)
    }
    if (samples === undefined || this.#encoding === 'pcm16') return samples
    const octets = new Uint8Array(samples.length)
    codecNamed(this.#encoding === 'pcmu' ? 'PCMU' : 'PCMA').encodeInto(samples, 0, samples.length, octets, 0)
    return octets
  }
}

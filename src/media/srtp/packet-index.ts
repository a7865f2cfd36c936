/** Which packets of an SSRC there were. */
export interface PacketIndexState {
  readonly highest: number
  readonly seen: Float64Array<ArrayBuffer>
}

/**
 * The 48-bit index of the packets of one SSRC: the rollover counter, which nobody sends, and the sequence number
 * (RFC 3711 section 3.3.1), with the replay list of section 3.3.2.
 */
export class PacketIndex {
  /** -1 before the first packet. */
  #highest = -1
  #seen = new Float64Array(WINDOW).fill(-1)

  /** What another one goes on from, in another thread perhaps. */
  get state(): PacketIndexState {
    return { highest: this.#highest, seen: this.#seen }
  }

  set state({ highest, seen }: PacketIndexState) {
    this.#highest = highest
    this.#seen = seen.slice()
  }

  /** The index that a packet with this sequence number most likely has; negative when it can have none. */
  estimate(sequence: number): number {
    if (this.#highest < 0) return sequence
    const rollovers = Math.floor(this.#highest / 0x1_0000)
    const step = sequence - (this.#highest % 0x1_0000)
    const turns = step > 0x8000 ? rollovers - 1 : step < -0x8000 ? rollovers + 1 : rollovers
    return turns * 0x1_0000 + sequence
  }

  /** Whether a packet of this index was taken before, or is too old to tell. */
  isReplay(index: number): boolean {
    return index <= this.#highest - WINDOW || this.#seen[index % WINDOW] === index
  }

  /** Remembers a packet that was authentic. */
  take(index: number): void {
    this.#seen[index % WINDOW] = index
    if (index > this.#highest) this.#highest = index
  }
}

/** At least 64; more than a jitter buffer can reorder. */
const WINDOW = 128

/** The longest datagram that is kept whole: longer than any RTP packet that the engine takes. */
const SLOT_BYTES = 1024
/** 320 ms of packets at 20 ms each. */
const SLOTS = 16

/**
 * The datagrams that have arrived for one leg since it was last swept. Of fixed size: when it is full the oldest one
 * gives way, because what is newest is what a listener waits for.
 */
export class DatagramRing {
  readonly #bytes = new Uint8Array(SLOTS * SLOT_BYTES)
  readonly #lengths = new Uint16Array(SLOTS)
  readonly #addresses: string[] = new Array(SLOTS).fill('')
  readonly #ports = new Uint16Array(SLOTS)
  #head = 0
  #count = 0

  /** Stores a copy, cut to a slot. False when the oldest datagram had to give way. */
  push(bytes: Uint8Array, address: string, port: number): boolean {
    const isFull = this.#count === SLOTS
    if (isFull) this.#drop()
    const slot = (this.#head + this.#count) % SLOTS
    const length = Math.min(bytes.length, SLOT_BYTES)
    for (let i = 0, at = slot * SLOT_BYTES; i < length; i++) this.#bytes[at + i] = bytes[i] as number
    this.#lengths[slot] = length
    this.#addresses[slot] = address
    this.#ports[slot] = port
    this.#count++
    return !isFull
  }

  /** Copies the oldest datagram into `into`, its sender into `source`; returns the length, or -1 when there is none. */
  shift(into: Uint8Array, source: { address: string; port: number }): number {
    if (this.#count === 0) return -1
    const slot = this.#head
    const length = Math.min(this.#lengths[slot] as number, into.length)
    for (let i = 0, at = slot * SLOT_BYTES; i < length; i++) into[i] = this.#bytes[at + i] as number
    source.address = this.#addresses[slot] as string
    source.port = this.#ports[slot] as number
    this.#drop()
    return length
  }

  #drop(): void {
    this.#head = (this.#head + 1) % SLOTS
    this.#count--
  }
}

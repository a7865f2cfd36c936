import type { Instant } from '../../kit/index.ts'

/** The longest datagram that is kept whole: longer than any RTP packet that the engine takes. */
const SLOT_BYTES = 1024

/**
 * The datagrams that have arrived for one leg since it was last swept. Of fixed size: when it is full the oldest one
 * gives way, because what is newest is what a listener waits for.
 */
export class DatagramRing {
  /** When the datagram that `shift` returned last was stored, as it was told. */
  storedAt: Instant = 0
  readonly #slots: number
  readonly #bytes: Uint8Array
  readonly #lengths: Uint16Array
  readonly #addresses: string[]
  readonly #ports: Uint16Array
  readonly #times: Float64Array
  #head = 0
  #count = 0

  /** @param slots datagrams that may wait; the default is 320 ms of packets at 20 ms each */
  constructor(slots = 16) {
    this.#slots = slots
    this.#bytes = new Uint8Array(slots * SLOT_BYTES)
    this.#lengths = new Uint16Array(slots)
    this.#addresses = new Array(slots).fill('')
    this.#ports = new Uint16Array(slots)
    this.#times = new Float64Array(slots)
  }

  /** Stores a copy, cut to a slot. False when the oldest datagram had to give way. */
  push(bytes: Uint8Array, address: string, port: number, at: Instant = 0): boolean {
    const isFull = this.#count === this.#slots
    if (isFull) this.#drop()
    const slot = (this.#head + this.#count) % this.#slots
    const length = Math.min(bytes.length, SLOT_BYTES)
    for (let i = 0, at = slot * SLOT_BYTES; i < length; i++) this.#bytes[at + i] = bytes[i] as number
    this.#lengths[slot] = length
    this.#addresses[slot] = address
    this.#ports[slot] = port
    this.#times[slot] = at
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
    this.storedAt = this.#times[slot] as number
    this.#drop()
    return length
  }

  #drop(): void {
    this.#head = (this.#head + 1) % this.#slots
    this.#count--
  }
}

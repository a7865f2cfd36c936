import type { Instant } from '../../kit/index.ts'

/** Longer than any RTP packet of the codecs of the telephone, ... */
const USUAL_SLOT_BYTES = 1024
/** ... and than any that the engine takes. What is longer than that is cut. */
const LARGEST_SLOT_BYTES = 2304

/**
 * The datagrams that have arrived for one leg since it was last swept. Of fixed size: when it is full the oldest one
 * gives way, because what is newest is what a listener waits for. The first long datagram makes the slots larger, once.
 */
export class DatagramRing {
  /** When the datagram that `shift` returned last was stored, as it was told. */
  storedAt: Instant = 0
  readonly #slots: number
  #bytes: Uint8Array
  #slotBytes = USUAL_SLOT_BYTES
  readonly #lengths: Uint16Array
  readonly #addresses: string[]
  readonly #ports: Uint16Array
  readonly #times: Float64Array
  #head = 0
  #count = 0

  /** @param slots datagrams that may wait; the default is 320 ms of packets at 20 ms each */
  constructor(slots = 16) {
    this.#slots = slots
    this.#bytes = new Uint8Array(slots * USUAL_SLOT_BYTES)
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
    if (bytes.length > this.#slotBytes) this.#enlarge()
    const length = Math.min(bytes.length, this.#slotBytes)
    for (let i = 0, at = slot * this.#slotBytes; i < length; i++) this.#bytes[at + i] = bytes[i] as number
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
    for (let i = 0, at = slot * this.#slotBytes; i < length; i++) into[i] = this.#bytes[at + i] as number
    source.address = this.#addresses[slot] as string
    source.port = this.#ports[slot] as number
    this.storedAt = this.#times[slot] as number
    this.#drop()
    return length
  }

  #enlarge(): void {
    if (this.#slotBytes === LARGEST_SLOT_BYTES) return
    const bytes = new Uint8Array(this.#slots * LARGEST_SLOT_BYTES)
    for (let slot = 0; slot < this.#slots; slot++) {
      const at = slot * this.#slotBytes
      bytes.set(this.#bytes.subarray(at, at + this.#slotBytes), slot * LARGEST_SLOT_BYTES)
    }
    this.#bytes = bytes
    this.#slotBytes = LARGEST_SLOT_BYTES
  }

  #drop(): void {
    this.#head = (this.#head + 1) % this.#slots
    this.#count--
  }
}

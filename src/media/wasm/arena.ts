/** The arrays that the kernels work on. */
export type KernelArray = Uint8Array | Int16Array | Int32Array

/**
 * Hands out arrays that stand in one buffer, where the kernels can reach them. Released ones are given out again to
 * whoever asks for the same size, which is all that legs of a few kinds need. Arrays begin as zeros, on multiples of 16.
 *
 * An arena that is full gives out arrays of their own; the plain TypeScript twins serve those.
 */
export class Arena {
  readonly #buffer: ArrayBuffer
  readonly #free = new Map<number, number[]>()
  #next: number

  /** @param from the first octet that is the arena's, a multiple of 16 */
  constructor(buffer: ArrayBuffer, from: number = ALIGNMENT) {
    this.#buffer = buffer
    this.#next = from
  }

  /** Octets that nobody has asked for yet. */
  get left(): number {
    return Math.max(0, this.#buffer.byteLength - this.#next)
  }

  bytes(length: number): Uint8Array {
    const address = this.#take(length)
    return address < 0 ? new Uint8Array(length) : placed(new Uint8Array(this.#buffer, address, length).fill(0))
  }

  int16(length: number): Int16Array {
    const address = this.#take(2 * length)
    return address < 0 ? new Int16Array(length) : placed(new Int16Array(this.#buffer, address, length).fill(0))
  }

  int32(length: number): Int32Array {
    const address = this.#take(4 * length)
    return address < 0 ? new Int32Array(length) : placed(new Int32Array(this.#buffer, address, length).fill(0))
  }

  /** Takes back an array that this arena gave out. The caller forgets it: the next one to ask writes into it. */
  release(array: KernelArray): void {
    const address = addressOf(array)
    if (address < 0) return
    const size = sizeOf(array.byteLength)
    const free = this.#free.get(size)
    if (free === undefined) this.#free.set(size, [address])
    else free.push(address)
  }

  #take(octets: number): number {
    const size = sizeOf(octets)
    const free = this.#free.get(size)?.pop()
    if (free !== undefined) return free
    if (this.#next + size > this.#buffer.byteLength) return -1
    const address = this.#next
    this.#next += size
    return address
  }
}

/**
 * Where `array` begins in the kernels' memory, or -1 for an array that an arena did not give out: that includes
 * `subarray`s of one that it did. A property of our own, because `buffer` and `byteOffset` cost more than a kernel.
 */
export function addressOf(array: KernelArray): number {
  return (array as Placed).address ?? -1
}

interface Placed {
  readonly address?: number
}

const ALIGNMENT = 16

function sizeOf(octets: number): number {
  return Math.ceil(octets / ALIGNMENT) * ALIGNMENT
}

function placed<T extends KernelArray>(array: T): T {
  return Object.assign(array, { address: array.byteOffset })
}

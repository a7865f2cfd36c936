import { utf8EncodeInto } from './bytes.ts'

/**
 * Pieces of bytes cut from arrays of 8 KiB. An array of its own costs an allocation outside of the engine's heap and a look at it
 * when it is collected: for a message of SIP that takes longer than to write it.
 *
 * A piece keeps its whole array alive, so the pool is for what lives about as long as what is made before and after it.
 */
export class BytePool {
  #array = new Uint8Array(ARRAY_BYTES)
  #used = 0

  /** The text in UTF-8, and `tail` behind it. */
  encode(text: string, tail: Uint8Array): Uint8Array {
    // A character of UTF-16 becomes three bytes at most.
    const free = this.#reserve(3 * text.length + tail.length)
    const written = utf8EncodeInto(text, free)
    const length = written + tail.length
    if (tail.length > 0) free.set(tail, written)
    return this.#take(free, length)
  }

  /** A copy of the first `length` of these bytes. */
  copy(bytes: Uint8Array, length: number): Uint8Array {
    const free = this.#reserve(length)
    free.set(length === bytes.length ? bytes : bytes.subarray(0, length))
    return this.#take(free, length)
  }

  /** Room for `most` bytes, in an array of its own where they are many. */
  #reserve(most: number): Uint8Array {
    if (most > ARRAY_BYTES / 2) return new Uint8Array(most)
    if (most > ARRAY_BYTES - this.#used) {
      this.#array = new Uint8Array(ARRAY_BYTES)
      this.#used = 0
    }
    return this.#array.subarray(this.#used)
  }

  #take(free: Uint8Array, length: number): Uint8Array {
    if (free.buffer === this.#array.buffer) this.#used += length
    return free.subarray(0, length)
  }
}

const ARRAY_BYTES = 8192

import type { Instant } from '../../kit/index.ts'

/**
 * A running digest of everything that happened, in order: two runs took the same course when their digests are equal.
 * Two lanes of 32 bits after Fowler, Noll and Vo; a fingerprint, no defence against anybody.
 */
export class Trace {
  #a = 0x811c9dc5
  #b = 0x9dc5811c
  readonly #number = new Float64Array(1)
  readonly #words = new Uint32Array(this.#number.buffer)

  addText(text: string): void {
    for (let i = 0; i < text.length; i++) this.#mix(text.charCodeAt(i))
    this.#mix(0x10000)
  }

  addBytes(bytes: Uint8Array): void {
    // The same as mixing byte by byte, without a field access for each: this is where a long simulation spends its time.
    let a = this.#a
    let b = this.#b
    for (let i = 0; i < bytes.length; i++) {
      const byte = bytes[i] as number
      a = Math.imul(a ^ byte, 0x01000193)
      b = Math.imul((b << 5) ^ (b >>> 27) ^ byte, 0x9e3779b1)
    }
    this.#a = a
    this.#b = b
    this.#mix(0x10000 + bytes.length)
  }

  addInstant(at: Instant): void {
    this.#number[0] = at
    this.#mix(this.#words[0] as number)
    this.#mix(this.#words[1] as number)
  }

  /** 16 hexadecimal digits. */
  digest(): string {
    return [this.#a, this.#b].map((lane) => (lane >>> 0).toString(16).padStart(8, '0')).join('')
  }

  #mix(value: number): void {
    this.#a = Math.imul(this.#a ^ value, 0x01000193)
    this.#b = Math.imul((this.#b << 5) ^ (this.#b >>> 27) ^ value, 0x9e3779b1)
  }
}

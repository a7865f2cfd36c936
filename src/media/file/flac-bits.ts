/** Thrown by {@link FlacBits} when the octets end before what is read does: the rest may still come. */
export class NotYet extends Error {}

/** Reads numbers of any number of bits, the highest first. */
export class FlacBits {
  readonly #bytes: Uint8Array
  /** In bits. */
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  /** Octets that were begun. */
  get octets(): number {
    return (this.#at + 7) >> 3
  }

  /** 0 to 32 bits as a number that is not negative. */
  bits(count: number): number {
    if (this.#at + count > 8 * this.#bytes.length) throw new NotYet()
    let value = 0
    for (let left = count; left > 0; ) {
      const inOctet = 8 - (this.#at & 7)
      const taken = Math.min(left, inOctet)
      const part = (this.#bytes[this.#at >> 3]! >> (inOctet - taken)) & ((1 << taken) - 1)
      value = value * (1 << taken) + part
      this.#at += taken
      left -= taken
    }
    return value
  }

  /** The same in two's complement, up to 33 bits. */
  signed(count: number): number {
    if (count === 0) return 0
    const sign = this.bits(1)
    const rest = this.bits(count - 1)
    return sign === 0 ? rest : rest - 2 ** (count - 1)
  }

  /** How many zeros stand before the next one, which is read, too. */
  unary(): number {
    let zeros = 0
    for (;;) {
      const octet = this.#bytes[this.#at >> 3]
      if (octet === undefined) throw new NotYet()
      const inOctet = 8 - (this.#at & 7)
      const rest = octet & ((1 << inOctet) - 1)
      if (rest !== 0) {
        const here = Math.clz32(rest) - (32 - inOctet)
        this.#at += here + 1
        return zeros + here
      }
      zeros += inOctet
      this.#at += inOctet
    }
  }

  /** Steps over what is left of an octet that was begun. */
  align(): void {
    this.#at = 8 * this.octets
  }
}

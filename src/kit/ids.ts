import type { Random } from './random.ts'

const ALPHABET = '0123456789abcdefghijklmnopqrstuv'

/**
 * A random token of `length` characters of 5 bits each (`0-9 a-v`), safe in every SIP token position.
 * 13 characters carry 65 bits, more than the 32 that RFC 3261 section 19.3 asks of a tag.
 */
export function token(random: Random, length = 13): string {
  let text = ''
  let bits = 0
  for (let i = 0; i < length; i++) {
    if (i % 6 === 0) bits = random.uint32()
    text += ALPHABET[bits & 31]
    bits >>>= 5
  }
  return text
}

/** Hands out 1, 2, 3, ... */
export class Sequence {
  #last = 0

  next(): number {
    return ++this.#last
  }
}

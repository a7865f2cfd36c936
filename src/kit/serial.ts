/**
 * Serial number arithmetic (RFC 1982) on the two widths that RTP uses (RFC 3550): 16-bit sequence numbers and
 * 32-bit timestamps.
 */

/** `a + n` modulo 2^16. */
export function add16(a: number, n: number): number {
  return (a + n) & 0xffff
}

/** The signed distance from `b` to `a` modulo 2^16, in -32768..32767: positive when `a` is newer. */
export function diff16(a: number, b: number): number {
  return ((a - b) << 16) >> 16
}

/** `a + n` modulo 2^32, as an unsigned number. */
export function add32(a: number, n: number): number {
  return (a + n) >>> 0
}

/** The signed distance from `b` to `a` modulo 2^32, in -2^31..2^31-1: positive when `a` is newer. */
export function diff32(a: number, b: number): number {
  return (a - b) | 0
}

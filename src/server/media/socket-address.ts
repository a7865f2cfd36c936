import { isIP } from 'node:net'
import { AF_INET, AF_INET6, SOCKADDR_IN_BYTES, SOCKADDR_IN6_BYTES } from './linux-sockets.ts'

/**
 * An address and port both as text and as the `sockaddr` that the kernel reads and writes. Reading the same address
 * again makes no new text, and setting the same one again writes nothing.
 */
export class SocketAddress {
  /** The `sockaddr`, with room for either family. */
  readonly bytes: Uint8Array = new Uint8Array(SOCKADDR_IN6_BYTES)
  readonly family: 4 | 6
  address = ''
  port = 0
  /** What `address` and `port` were read from. */
  readonly #known: Uint32Array = new Uint32Array(SOCKADDR_IN6_BYTES / 4)
  readonly #words: Uint32Array = new Uint32Array(this.bytes.buffer)

  constructor(family: 4 | 6) {
    this.family = family
  }

  /** Octets of the `sockaddr`. */
  get length(): number {
    return this.family === 6 ? SOCKADDR_IN6_BYTES : SOCKADDR_IN_BYTES
  }

  /** Writes the `sockaddr`; false for an address of the other family, or none, or a port out of range. */
  set(address: string, port: number): boolean {
    if (address === this.address && port === this.port) return true
    if (port < 1 || port > 65_535 || (address !== this.address && !this.#writeAddress(address))) return false
    this.port = port
    this.bytes[2] = port >> 8
    this.bytes[3] = port & 0xff
    this.#known.set(this.#words)
    return true
  }

  /** False when it is none of the family. */
  #writeAddress(address: string): boolean {
    const word = this.family === 4 ? ipv4Word(address) : -1
    if (this.family === 4 ? word < 0 : isIP(address) !== 6 || address.includes('%')) return false
    this.address = address
    this.bytes.fill(0)
    // The machines whose sockets are known here have the lower octet first.
    this.bytes[0] = this.family === 6 ? AF_INET6 : AF_INET
    if (this.family === 6) this.bytes.set(ipv6Octets(address), 8)
    else for (let i = 0; i < 4; i++) this.bytes[4 + i] = word / 2 ** (24 - 8 * i)
    return true
  }

  /** Brings `address` and `port` up to date with what the kernel has written to {@link bytes}. */
  read(): void {
    const words = this.length / 4
    // Word 1 of IPv6 is the flow information, which says nothing about who has sent.
    for (let i = 0; i < words; i++)
      if (this.#words[i] !== this.#known[i] && (i !== 1 || this.family === 4)) {
        this.#known.set(this.#words)
        this.port = ((this.bytes[2] as number) << 8) | (this.bytes[3] as number)
        this.address = this.family === 6 ? ipv6Text(this.bytes.subarray(8, 24)) : this.bytes.subarray(4, 8).join('.')
        return
      }
  }
}

/** The four octets of an IPv4 address as one number, as `isIP` takes it: no leading zeros. -1 when it is none. */
function ipv4Word(address: string): number {
  let word = 0
  let octets = 0
  let octet = -1
  for (let at = 0; at <= address.length; at++) {
    const digit = address.charCodeAt(at) - ZERO
    if (digit >= 0 && digit <= 9 && octet !== 0) {
      octet = octet < 0 ? digit : 10 * octet + digit
      if (octet > 255) return -1
    } else if (octet >= 0 && (at === address.length || digit === DOT)) {
      word = 256 * word + octet
      octets++
      octet = -1
    } else return -1
  }
  return octets === 4 ? word : -1
}

const ZERO = 0x30
/** Less {@link ZERO}. */
const DOT = -2

/** The 16 octets of an IPv6 address that is known to be one and has no zone. */
function ipv6Octets(address: string): Uint8Array {
  const octets = new Uint8Array(16)
  const dotted = address.lastIndexOf(':') + 1
  const hex = address.includes('.') ? address.slice(0, dotted) + hexOfDotted(address.slice(dotted)) : address
  const [head = '', tail] = hex.split('::')
  const groupsOf = (text: string): string[] => (text === '' ? [] : text.split(':'))
  const before = groupsOf(head)
  const after = groupsOf(tail ?? '')
  const groups = [...before, ...new Array<string>(8 - before.length - after.length).fill('0'), ...after]
  for (const [i, group] of groups.entries()) new DataView(octets.buffer).setUint16(2 * i, Number.parseInt(group, 16))
  return octets
}

function hexOfDotted(address: string): string {
  const [a = 0, b = 0, c = 0, d = 0] = address.split('.').map(Number)
  return `${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`
}

/** RFC 5952: lower case, no leading zeros, the longest run of zero groups (the first of equals) as `::`. */
function ipv6Text(octets: Uint8Array): string {
  const groups = Array.from({ length: 8 }, (_, i) => ((octets[2 * i] as number) << 8) | (octets[2 * i + 1] as number))
  let best = { at: 0, length: 1 }
  for (let at = 0; at < 8; at++) {
    let length = 0
    while (groups[at + length] === 0) length++
    if (length > best.length) best = { at, length }
  }
  const hex = (from: number, to: number): string =>
    groups
      .slice(from, to)
      .map((group) => group.toString(16))
      .join(':')
  return best.length === 1 ? hex(0, 8) : `${hex(0, best.at)}::${hex(best.at + best.length, 8)}`
}

import { seeded } from './audio.ts'

/** Kinds of hostile datagram, in equal shares. */
export type HostileRtpKind =
  | 'noise'
  | 'truncated'
  | 'wrongVersion'
  | 'otherSource'
  | 'otherPayloadType'
  | 'brokenHeader'
  | 'huge'
  | 'flood'

const KINDS: readonly HostileRtpKind[] = [
  'noise',
  'truncated',
  'wrongVersion',
  'otherSource',
  'otherPayloadType',
  'brokenHeader',
  'huge',
  'flood',
]

/** An endless supply of what a stranger may throw at a media port. The same seed gives the same datagrams. */
export class RtpMutations {
  readonly #random: () => number
  #sequence = 0

  constructor(seed: number) {
    this.#random = seeded(seed)
  }

  next(): Buffer {
    this.#sequence += 1
    const kind = KINDS[this.#sequence % KINDS.length] ?? 'noise'
    switch (kind) {
      case 'noise':
        return this.#noise(this.#below(400))
      case 'truncated':
        return this.#packet().subarray(0, this.#below(14))
      case 'wrongVersion':
        return this.#changed(0, this.#below(3) << 6)
      case 'otherSource': {
        const packet = this.#packet()
        packet.writeUInt32BE(this.#below(2 ** 32), 8)
        return packet
      }
      case 'otherPayloadType':
        return this.#changed(1, this.#below(256))
      // Contributing sources, an extension and padding that reach beyond the end (RFC 3550 sections 5.1 and 5.3.1).
      case 'brokenHeader':
        return this.#changed(0, 0x80 | this.#below(64))
      case 'huge':
        return Buffer.concat([this.#packet().subarray(0, 12), this.#noise(1000 + this.#below(4000))])
      // Well-formed in every way, only not from the far end of the call.
      case 'flood':
        return this.#packet()
    }
  }

  #packet(): Buffer {
    const packet = Buffer.alloc(172, 0xff)
    packet.writeUInt16BE(0x8000, 0)
    packet.writeUInt16BE(this.#sequence & 0xffff, 2)
    packet.writeUInt32BE((this.#sequence * 160) % 2 ** 32, 4)
    packet.writeUInt32BE(0x1badcafe, 8)
    for (let at = 12; at < 172; at += 1) packet[at] = (at * 7 + this.#sequence) & 0xff
    return packet
  }

  #changed(at: number, value: number): Buffer {
    const packet = this.#packet()
    packet[at] = value
    return packet
  }

  #noise(length: number): Buffer {
    const bytes = Buffer.alloc(length)
    for (let at = 0; at < length; at += 1) bytes[at] = this.#below(256)
    return bytes
  }

  #below(limit: number): number {
    return Math.floor(this.#random() * limit)
  }
}

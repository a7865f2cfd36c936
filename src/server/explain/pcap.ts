import { isIP } from 'node:net'
import { bytesOf, type CallStory, type EndOfMessage, type StoryMessage } from '../../calls/index.ts'

/**
 * The SIP messages of a call as a capture that Wireshark and tshark open: each one a packet with the addresses, ports
 * and time that it had, its secrets overwritten. What went over TLS stands in it as TCP, in the clear. What is longer
 * than a packet on TCP is several; a stream begins without a handshake.
 *
 * The format is that of libpcap, with packets that begin with their IP header (LINKTYPE_RAW).
 */
export function pcapOf({ messages, startedAtMs }: CallStory): Buffer {
  const header = Buffer.alloc(24)
  header.writeUInt32LE(0xa1b2c3d4, 0)
  header.writeUInt16LE(2, 4)
  header.writeUInt16LE(4, 6)
  header.writeUInt32LE(LONGEST_PACKET, 16)
  header.writeUInt32LE(LINKTYPE_RAW, 20)
  const streams = new Map<string, number>()
  const packets = messages.flatMap((message) =>
    packetsOf(message, streams).map((packet) => recordOf(packet, startedAtMs + message.atMs)),
  )
  return Buffer.concat([header, ...packets])
}

const LINKTYPE_RAW = 101
const LONGEST_PACKET = 65_535
/** Room for the headers of IPv6 and TCP. */
const LONGEST_SEGMENT = 60_000
const PROTOCOL = { tcp: 6, udp: 17 } as const

function recordOf(packet: Buffer, atMs: number): Buffer {
  const header = Buffer.alloc(16)
  const microseconds = Math.round(atMs * 1000)
  header.writeUInt32LE(Math.floor(microseconds / 1_000_000), 0)
  header.writeUInt32LE(microseconds % 1_000_000, 4)
  header.writeUInt32LE(packet.length, 8)
  header.writeUInt32LE(packet.length, 12)
  return Buffer.concat([header, packet])
}

/** @param streams the next sequence number of each direction of each TCP stream */
function packetsOf(message: StoryMessage, streams: Map<string, number>): Buffer[] {
  const { direction, transport, local, remote } = message
  const [from, to] = direction === 'sent' ? [local, remote] : [remote, local]
  const payload = Buffer.from(bytesOf(message))
  if (transport === 'udp') return [ipPacket(from, to, PROTOCOL.udp, udpDatagram(from, to, payload))]
  const forth = `${nameOf(from)}>${nameOf(to)}`
  const back = `${nameOf(to)}>${nameOf(from)}`
  const packets: Buffer[] = []
  for (let at = 0; at < payload.length; at += LONGEST_SEGMENT) {
    const part = payload.subarray(at, at + LONGEST_SEGMENT)
    const sequence = streams.get(forth) ?? 1
    const segment = tcpSegment(from, to, sequence, streams.get(back) ?? 1, part)
    packets.push(ipPacket(from, to, PROTOCOL.tcp, segment))
    streams.set(forth, (sequence + part.length) >>> 0)
  }
  return packets
}

/** RFC 768; the checksum is filled in with the addresses. */
function udpDatagram(from: EndOfMessage, to: EndOfMessage, payload: Buffer): Buffer {
  const header = Buffer.alloc(8)
  header.writeUInt16BE(from.port, 0)
  header.writeUInt16BE(to.port, 2)
  header.writeUInt16BE(8 + payload.length, 4)
  return Buffer.concat([header, payload])
}

/** RFC 9293 section 3.1, with PSH and ACK. */
function tcpSegment(from: EndOfMessage, to: EndOfMessage, sequence: number, next: number, payload: Buffer): Buffer {
  const header = Buffer.alloc(20)
  header.writeUInt16BE(from.port, 0)
  header.writeUInt16BE(to.port, 2)
  header.writeUInt32BE(sequence, 4)
  header.writeUInt32BE(next, 8)
  header.writeUInt16BE(0x5018, 12)
  header.writeUInt16BE(0xffff, 14)
  return Buffer.concat([header, payload])
}

/** RFC 791 where both ends have IPv4, otherwise RFC 8200. */
function ipPacket(from: EndOfMessage, to: EndOfMessage, protocol: 6 | 17, payload: Buffer): Buffer {
  const isV4 = isIP(from.address) !== 6 && isIP(to.address) !== 6
  const addresses = Buffer.concat([octetsOf(from.address, isV4), octetsOf(to.address, isV4)])
  const pseudo = Buffer.from([0, protocol, payload.length >> 8, payload.length & 0xff])
  const checksumAt = protocol === PROTOCOL.udp ? 6 : 16
  payload.writeUInt16BE(checksum(Buffer.concat([addresses, pseudo, payload])) || 0xffff, checksumAt)
  if (isV4) {
    const header = Buffer.alloc(12)
    header.writeUInt16BE(0x4500, 0)
    header.writeUInt16BE(20 + payload.length, 2)
    header.writeUInt16BE(0x4000, 6)
    header.writeUInt8(64, 8)
    header.writeUInt8(protocol, 9)
    header.writeUInt16BE(checksum(Buffer.concat([header, addresses])), 10)
    return Buffer.concat([header, addresses, payload])
  }
  const header = Buffer.alloc(8)
  header.writeUInt32BE(0x60000000, 0)
  header.writeUInt16BE(payload.length, 4)
  header.writeUInt8(protocol, 6)
  header.writeUInt8(64, 7)
  return Buffer.concat([header, addresses, payload])
}

/** RFC 1071. */
function checksum(octets: Buffer): number {
  let sum = 0
  for (let at = 0; at + 1 < octets.length; at += 2) sum += octets.readUInt16BE(at)
  if (octets.length % 2 === 1) sum += (octets.at(-1) as number) << 8
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16)
  return ~sum & 0xffff
}

/** A host that is only known by name has the address 0. */
function octetsOf(address: string, isV4: boolean): Buffer {
  const family = isIP(address)
  if (family === 6) return octetsOfV6(address)
  const v4 = Buffer.from((family === 4 ? address : '0.0.0.0').split('.').map(Number))
  if (isV4) return v4
  return family === 4 ? Buffer.concat([Buffer.alloc(10), Buffer.from([0xff, 0xff]), v4]) : Buffer.alloc(16)
}

/** Lets the URL parser spell it out: it has no IPv4 part then. */
function octetsOfV6(address: string): Buffer {
  const { hostname } = new URL(`http://[${address.replace(/%.*$/, '')}]`)
  const [head = '', tail] = hostname.slice(1, -1).split('::')
  const words = (text: string) => (text === '' ? [] : text.split(':').map((word) => Number.parseInt(word, 16)))
  const [first, last] = [words(head), words(tail ?? '')]
  const all = [...first, ...new Array<number>(8 - first.length - last.length).fill(0), ...last]
  return Buffer.from(all.flatMap((word) => [word >> 8, word & 0xff]))
}

function nameOf({ address, port }: EndOfMessage): string {
  return `${address} ${port}`
}

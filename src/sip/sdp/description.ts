import { err, ok, type Result, utf8Decode } from '../../kit/index.ts'
import { isDigit, parseInteger } from '../message/scan.ts'
import { type PayloadFormat, staticFormat } from './codecs.ts'
import { type CryptoLine, readCrypto } from './crypto.ts'
import { type Direction, directionOf, receives, sends } from './direction.ts'

/** The longest description that is looked at, in bytes. */
export const MAX_SDP_BYTES = 16_384
/** The most media lines a description may have. */
export const MAX_MEDIA_LINES = 32
/** The most keys for SRTP that are looked at. */
const MAX_CRYPTO_LINES = 16

/** The part of a session description (RFC 8866) that an audio endpoint needs. */
export interface RemoteDescription {
  /** The content of `t=`, which an answer repeats (RFC 3264 section 6). */
  readonly timing: string
  /** Every media line in order, also those that we cannot take. */
  readonly media: readonly RemoteMedia[]
}

export interface RemoteMedia {
  /** The content of `m=` split at blanks: type, port, protocol, formats. Enough to repeat it with port 0. */
  readonly line: MediaLine
  /** 0 when the stream is refused or switched off, or spread over several ports, which no telephone does. */
  readonly port: number
  /** An IPv4 or IPv6 address; `undefined` when there is none that media can be sent to (none stated, multicast, a name). */
  readonly address: string | undefined
  /** As seen by the far end. An unspecified address (hold of RFC 2543) takes its wish to receive away. */
  readonly direction: Direction
  /** In order of the far end's preference; formats without a known meaning are left out. */
  readonly formats: readonly PayloadFormat[]
  readonly ptimeMs: number | undefined
  readonly maxPtimeMs: number | undefined
  /** RTCP can share the port of RTP (RFC 5761 section 5.1.1). */
  readonly rtcpMux: boolean
  /** Where RTCP is wanted when it has a port of its own (RFC 3605); `undefined` when not stated. */
  readonly rtcp: { readonly port: number; readonly address: string | undefined } | undefined
  /** Keys for SRTP that we could use, in order of the far end's preference. */
  readonly crypto: readonly CryptoLine[]
}

export interface MediaLine {
  readonly type: string
  readonly protocol: string
  readonly formats: string
}

/**
 * Reads a description that came from the network: a value or the reason why it is none, never an exception. One pass
 * over the lines; what an audio endpoint does not need is passed over, whatever it says.
 */
export function parseDescription(bytes: Uint8Array): Result<RemoteDescription> {
  if (bytes.length > MAX_SDP_BYTES)
    return err(`description of ${bytes.length} bytes, at most ${MAX_SDP_BYTES} are read`)
  const session = emptySection()
  const sections: { readonly fields: RegExpExecArray; readonly stated: Section }[] = []
  let section = session
  let isVersion0 = false
  let timing = '0 0'
  for (const line of linesOf(utf8Decode(bytes))) {
    if (line.startsWith('m=')) {
      const fields = MEDIA_LINE.exec(line)
      if (fields === null) return err(`malformed media line ${sections.length + 1}`)
      if (sections.length === MAX_MEDIA_LINES) return err(`more than ${MAX_MEDIA_LINES} media lines`)
      section = emptySection()
      sections.push({ fields, stated: section })
    } else if (line === 'v=0') isVersion0 = true
    else if (line.startsWith('t=')) timing = TIMING.exec(line)?.[1] ?? timing
    else readLine(line, section)
  }
  if (sections.length === 0) return err('no media line')
  if (!isVersion0) return err('no v=0 line')
  return ok({ timing, media: sections.map(({ fields, stated }) => mediaOf(fields, stated, session)) })
}

/** Type, port (a count of ports may follow it), protocol, formats (RFC 8866 section 5.14). */
const MEDIA_LINE = /^m=([!-~]+) (\d{1,5})(\/\d{1,5})? ([!-~]+) ([ -~]+)$/
const TIMING = /^t=(\d{1,20} \d{1,20})$/
/** Payload type, encoding, clock rate, channels (RFC 8866 section 6.6). */
const RTPMAP = /^a=rtpmap:(\d{1,3}) ([!-.0-~]+)\/(\d{1,6})(?:\/(\d{1,2}))?\s*$/
const FMTP = /^a=fmtp:(\d{1,3}) ([ -~]+)$/
/** Of a connection line the network type and address type are not checked: the address tells its family itself. */
const CONNECTION = /^c=\S+ \S+ ([^\s/]+)/
const PACKET_TIME = /^a=(ptime|maxptime):(\d{1,4})\b/

/** Port, and perhaps network type, address type and address (RFC 3605 section 2.1). */
const RTCP = /^a=rtcp:(\d{1,5})(?: \S+ \S+ (\S+))?\s*$/

/** What the lines of the session, or of one media line, state. */
interface Section {
  connection: string | undefined
  direction: Direction | undefined
  readonly rtpmaps: PayloadFormat[]
  readonly fmtps: { readonly payloadType: number; readonly parameters: string }[]
  ptimeMs: number | undefined
  maxPtimeMs: number | undefined
  rtcpMux: boolean
  rtcp: RemoteMedia['rtcp']
  readonly crypto: CryptoLine[]
}

/** Lines that end with CRLF, CR or LF. */
function linesOf(text: string): string[] {
  const lines: string[] = []
  let start = 0
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code !== CR && code !== LF) continue
    lines.push(text.slice(start, at))
    if (code === CR && text.charCodeAt(at + 1) === LF) at++
    start = at + 1
  }
  lines.push(text.slice(start))
  return lines
}

const CR = 0x0d
const LF = 0x0a

function emptySection(): Section {
  return {
    connection: undefined,
    direction: undefined,
    rtpmaps: [],
    fmtps: [],
    ptimeMs: undefined,
    maxPtimeMs: undefined,
    rtcpMux: false,
    rtcp: undefined,
    crypto: [],
  }
}

function readLine(line: string, into: Section): void {
  if (line.startsWith('c=')) into.connection ??= CONNECTION.exec(line)?.[1]
  else if (!line.startsWith('a=')) return
  else if (line.startsWith('a=rtpmap:')) {
    const [, payloadType, encoding, rate, channels = '1'] = RTPMAP.exec(line) ?? []
    // Beyond this only a hostile description goes: there are 128 payload types.
    if (encoding !== undefined && into.rtpmaps.length < 128)
      into.rtpmaps.push({
        payloadType: Number(payloadType),
        encoding,
        clockRateHz: Number(rate),
        channels: Number(channels),
      })
  } else if (line.startsWith('a=fmtp:')) {
    const [, payloadType, parameters] = FMTP.exec(line) ?? []
    if (parameters !== undefined && into.fmtps.length < 128)
      into.fmtps.push({ payloadType: Number(payloadType), parameters })
  } else if (line === 'a=rtcp-mux') into.rtcpMux = true
  else if (line.startsWith('a=rtcp:')) into.rtcp ??= rtcpOf(line)
  else if (line.startsWith('a=crypto:')) {
    const crypto = readCrypto(line)
    if (crypto !== undefined && into.crypto.length < MAX_CRYPTO_LINES) into.crypto.push(crypto)
  } else if (line === 'a=sendrecv' || line === 'a=sendonly' || line === 'a=recvonly' || line === 'a=inactive')
    into.direction = line.slice(2) as Direction
  else if (line.startsWith('a=ptime:') || line.startsWith('a=maxptime:')) {
    const [, name, value] = PACKET_TIME.exec(line) ?? []
    if (name === 'ptime') into.ptimeMs = packetTime(value)
    else if (name === 'maxptime') into.maxPtimeMs = packetTime(value)
  }
}

function mediaOf(fields: RegExpExecArray, stated: Section, session: Section): RemoteMedia {
  const [, type = '', port = '', count = '/1', protocol = '', formats = ''] = fields
  const address = usableAddress(stated.connection ?? session.connection)
  const direction = stated.direction ?? session.direction ?? 'sendrecv'
  const heldByAddress = address === '0.0.0.0' || address === '::'
  return {
    line: { type, protocol, formats },
    port: count === '/1' && Number(port) <= 65_535 ? Number(port) : 0,
    address,
    direction: heldByAddress
      ? directionOf(sends(direction), false)
      : directionOf(sends(direction), receives(direction)),
    formats: formatsOf(formats, stated),
    ptimeMs: stated.ptimeMs,
    maxPtimeMs: stated.maxPtimeMs,
    rtcpMux: stated.rtcpMux,
    rtcp: stated.rtcp,
    crypto: stated.crypto,
  }
}

function formatsOf(listed: string, { rtpmaps, fmtps }: Section): PayloadFormat[] {
  const formats: PayloadFormat[] = []
  for (const text of listed.split(' ')) {
    const payloadType = text.length > 3 ? -1 : parseInteger(text, 127)
    if (payloadType < 0) continue
    const format = rtpmaps.find((map) => map.payloadType === payloadType) ?? staticFormat(payloadType)
    if (format === undefined) continue
    const fmtp = fmtps.findLast((line) => line.payloadType === payloadType)?.parameters
    const { encoding, clockRateHz, channels } = format
    formats.push(fmtp === undefined ? format : { payloadType, encoding, clockRateHz, channels, fmtp })
  }
  return formats
}

function rtcpOf(line: string): RemoteMedia['rtcp'] {
  const [, port, address] = RTCP.exec(line) ?? []
  return port === undefined || Number(port) > 65_535
    ? undefined
    : { port: Number(port), address: usableAddress(address) }
}

function packetTime(text: string | undefined): number | undefined {
  const ms = Number(text)
  return ms > 0 && ms <= 1000 ? ms : undefined
}

/** Names would have to be resolved and multicast joined: neither is done for media, so both are no address. */
function usableAddress(ip: string | undefined): string | undefined {
  if (ip === undefined || ip.length > 45) return undefined
  if (ip.includes(':')) return /^[0-9a-fA-F:.]+$/.test(ip) && !/^ff/i.test(ip) ? ip : undefined
  const first = firstOctetOf(ip)
  return first < 0 || (first >= 224 && first <= 239) ? undefined : ip
}

/** The first octet of an IPv4 address; -1 when it is none. */
function firstOctetOf(ip: string): number {
  let first = -1
  let octets = 0
  let digits = 0
  let octet = 0
  for (let at = 0; at <= ip.length; at++) {
    const code = at === ip.length ? DOT : ip.charCodeAt(at)
    if (code === DOT) {
      if (digits === 0 || octet > 255) return -1
      if (octets++ === 0) first = octet
      digits = 0
      octet = 0
    } else if (isDigit(code) && ++digits <= 3) octet = 10 * octet + code - ZERO
    else return -1
  }
  return octets === 4 ? first : -1
}

const DOT = 0x2e
const ZERO = 0x30

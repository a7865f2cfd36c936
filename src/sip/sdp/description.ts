import { parse, type SessionDescription } from 'sdp-transform'
import { err, ok, type Result, utf8Decode } from '../../kit/index.ts'
import { type PayloadFormat, staticFormat } from './codecs.ts'
import { type Direction, directionOf, receives, sends } from './direction.ts'

/** The longest description that is looked at, in bytes. */
export const MAX_SDP_BYTES = 16_384
/** The most media lines a description may have. */
export const MAX_MEDIA_LINES = 32

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
}

export interface MediaLine {
  readonly type: string
  readonly protocol: string
  readonly formats: string
}

/** Reads a description that came from the network: a value or the reason why it is none, never an exception. */
export function parseDescription(bytes: Uint8Array): Result<RemoteDescription> {
  if (bytes.length > MAX_SDP_BYTES)
    return err(`description of ${bytes.length} bytes, at most ${MAX_SDP_BYTES} are read`)
  const text = utf8Decode(bytes)
  const lines = mediaLines(text)
  if (lines.length === 0) return err('no media line')
  if (lines.length > MAX_MEDIA_LINES) return err(`${lines.length} media lines, at most ${MAX_MEDIA_LINES} are taken`)
  let session: SessionDescription
  try {
    session = parse(text)
  } catch (error) {
    return err(`unreadable description: ${String(error)}`)
  }
  if (session.version !== 0) return err('no v=0 line')
  if (session.media.length !== lines.length) return err('media lines out of order')
  const media: RemoteMedia[] = []
  for (const [index, line] of lines.entries()) {
    const fields = MEDIA_LINE.exec(line)
    if (fields === null) return err(`malformed media line ${index + 1}`)
    media.push(readMedia(fields, session, index))
  }
  const timing = session.timing
  return ok({ timing: timing === undefined ? '0 0' : `${timing.start} ${timing.stop}`, media })
}

/** Type, port (a count of ports may follow it), protocol, formats (RFC 8866 section 5.14). */
const MEDIA_LINE = /^m=([!-~]+) (\d{1,5})(\/\d{1,5})? ([!-~]+) ([ -~]+)$/

/** The `m=` lines as they stand, because the library drops those it cannot match (a port range, for one). */
function mediaLines(text: string): string[] {
  return text.split(/\r\n|\r|\n/).filter((line) => line.startsWith('m='))
}

function readMedia(fields: RegExpExecArray, session: SessionDescription, index: number): RemoteMedia {
  const [, type = '', port = '', count = '/1', protocol = '', formats = ''] = fields
  const parsed = session.media[index]
  const connection = parsed?.connection ?? session.connection
  const address = usableAddress(connection?.ip)
  const stated = parsed?.direction ?? session.direction ?? 'sendrecv'
  const heldByAddress = address === '0.0.0.0' || address === '::'
  return {
    line: { type, protocol, formats },
    port: count === '/1' && Number(port) <= 65_535 ? Number(port) : 0,
    address,
    direction: heldByAddress ? directionOf(sends(stated), false) : directionOf(sends(stated), receives(stated)),
    formats: readFormats(formats.split(' '), parsed?.rtp ?? []),
    ptimeMs: positive(parsed?.ptime),
    maxPtimeMs: positive(parsed?.maxptime),
    rtcpMux: parsed?.rtcpMux !== undefined,
  }
}

function readFormats(listed: readonly string[], rtpmaps: SessionDescription['media'][number]['rtp']): PayloadFormat[] {
  const formats: PayloadFormat[] = []
  for (const text of listed) {
    if (!/^\d{1,3}$/.test(text) || Number(text) > 127) continue
    const payloadType = Number(text)
    const map = rtpmaps.find((entry) => entry.payload === payloadType)
    const format =
      map === undefined
        ? staticFormat(payloadType)
        : {
            payloadType,
            encoding: String(map.codec),
            clockRateHz: Number(map.rate),
            channels: Number(map.encoding ?? 1),
          }
    if (format !== undefined) formats.push(format)
  }
  return formats
}

/** Names would have to be resolved and multicast joined: neither is done for media, so both are no address. */
function usableAddress(ip: unknown): string | undefined {
  if (typeof ip !== 'string' || ip.length > 45) return undefined
  if (ip.includes(':')) return /^[0-9a-fA-F:.]+$/.test(ip) && !/^ff/i.test(ip) ? ip : undefined
  const octets = ip.split('.')
  if (octets.length !== 4 || !octets.every((octet) => /^\d{1,3}$/.test(octet) && Number(octet) <= 255)) return undefined
  const first = Number(octets[0])
  return first >= 224 && first <= 239 ? undefined : ip
}

function positive(value: unknown): number | undefined {
  return typeof value === 'number' && value > 0 && value <= 1000 ? value : undefined
}

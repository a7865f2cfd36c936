import { utf8Encode } from '../../kit/index.ts'
import { type CryptoLine, printCrypto } from './crypto.ts'
import type { Direction } from './direction.ts'

/** A description of ours, ready to print. */
export interface LocalDescription {
  readonly sessionId: number
  readonly sessionVersion: number
  readonly address: string
  readonly timing: string
  readonly media: readonly LocalMediaLine[]
}

export type LocalMediaLine =
  | { readonly refused: true; readonly type: string; readonly protocol: string; readonly formats: string }
  | {
      readonly refused: false
      readonly protocol: string
      readonly port: number
      readonly formats: readonly LocalFormat[]
      readonly ptimeMs: number
      readonly direction: Direction
      readonly rtcpMux: boolean
      readonly crypto: readonly CryptoLine[]
    }

export interface LocalFormat {
  readonly payloadType: number
  /** `name/rate` or `name/rate/channels` */
  readonly rtpmap: string
  readonly fmtp?: string
}

/**
 * Prints a description in the order of RFC 8866 section 5. Ours are always of this one shape, and a template costs
 * a fiftieth of what a general SDP writer does. The user name of the origin is a word rather than the `-` of section 5.2:
 * there are readers who look for letters.
 */
export function printDescription(description: LocalDescription): Uint8Array {
  const { address, sessionId, sessionVersion } = description
  const family = address.includes(':') ? 'IP6' : 'IP4'
  let text = `v=0\r\no=ringdown ${sessionId} ${sessionVersion} IN ${family} ${address}\r\ns=-\r\nc=IN ${family} ${address}\r\nt=${description.timing}\r\n`
  for (const line of description.media) text += printMedia(line)
  return utf8Encode(text)
}

function printMedia(line: LocalMediaLine): string {
  if (line.refused) return `m=${line.type} 0 ${line.protocol} ${line.formats}\r\n`
  let text = `m=audio ${line.port} ${line.protocol} ${line.formats.map((format) => format.payloadType).join(' ')}\r\n`
  for (const { payloadType, rtpmap, fmtp } of line.formats) {
    text += `a=rtpmap:${payloadType} ${rtpmap}\r\n`
    if (fmtp !== undefined) text += `a=fmtp:${payloadType} ${fmtp}\r\n`
  }
  text += `a=ptime:${line.ptimeMs}\r\na=${line.direction}\r\n`
  for (const crypto of line.crypto) text += printCrypto(crypto)
  return line.rtcpMux ? `${text}a=rtcp-mux\r\n` : text
}

import { utf8Decode, utf8Encode } from '../../kit/index.ts'
import { parseContentType } from './content-type.ts'
import type { SipMessage } from './message.ts'

/** The type of a body that is a piece of a SIP message (RFC 3420). */
export const SIPFRAG = 'message/sipfrag'

/** How a request went that somebody else has sent: the status line of its latest response. */
export interface SipfragStatus {
  /** 100..699 */
  readonly status: number
  readonly phrase: string
}

/** The status line with which a message's body of type message/sipfrag begins (RFC 3515 section 2.4.5), if it does. */
export function sipfragStatusOf({ headers, body }: SipMessage): SipfragStatus | undefined {
  const type = parseContentType(headers.get('content-type') ?? '')
  if (!type.ok || type.value.type !== SIPFRAG) return undefined
  const line = /^SIP\/2\.0 +([1-6]\d\d)(?: +([^\r\n]*))?(?:\r?\n|$)/i.exec(utf8Decode(body.subarray(0, LONGEST_LINE)))
  return line === null ? undefined : { status: Number(line[1]), phrase: (line[2] ?? '').trim() }
}

export function printSipfrag({ status, phrase }: SipfragStatus): Uint8Array {
  return utf8Encode(`SIP/2.0 ${status} ${phrase.replace(/[\r\n]/g, ' ')}\r\n`)
}

const LONGEST_LINE = 512

import { type CSeq, parseCSeq } from './cseq.ts'
import type { SipMessage } from './message.ts'
import { addressParam, parseNameAddr } from './name-addr.ts'
import { parseVia, type Via } from './via.ts'

/*
 * What every message is asked for on its way to its transaction and dialog. Each reads one header and only as much
 * of it as the answer needs. `undefined`: the header is missing or cannot be read.
 */

/** The topmost Via: the hop that a message came from. */
export function topVia(message: SipMessage): Via | undefined {
  const via = message.headers.read('via', parseVia)
  return via?.ok ? via.value : undefined
}

export function cseqOf(message: SipMessage): CSeq | undefined {
  const cseq = message.headers.read('cseq', parseCSeq)
  return cseq?.ok ? cseq.value : undefined
}

export function callIdOf(message: SipMessage): string | undefined {
  return message.headers.get('call-id')
}

/** The tag of From, on every request of an RFC 3261 element. */
export function fromTag(message: SipMessage): string | undefined {
  return tagOf(message, 'from')
}

/** The tag of To: absent on the request that starts a dialog. */
export function toTag(message: SipMessage): string | undefined {
  return tagOf(message, 'to')
}

/** Also of an address that cannot be read otherwise. */
function tagOf({ headers }: SipMessage, name: 'from' | 'to'): string | undefined {
  const address = headers.read(name, parseNameAddr)
  if (address?.ok) return address.value.params.get('tag')
  return address === undefined ? undefined : addressParam(headers.get(name) as string, 'tag')
}

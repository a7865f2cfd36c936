import { type CSeq, parseCSeq } from './cseq.ts'
import type { SipMessage } from './message.ts'
import { addressParam } from './name-addr.ts'
import { parseVia, type Via } from './via.ts'

/*
 * What every message is asked for on its way to its transaction and dialog. Each reads one header and only as much
 * of it as the answer needs. `undefined`: the header is missing or cannot be read.
 */

/** The topmost Via: the hop that a message came from. */
export function topVia(message: SipMessage): Via | undefined {
  const text = message.headers.get('via')
  const via = text === undefined ? undefined : parseVia(text)
  return via?.ok ? via.value : undefined
}

export function cseqOf(message: SipMessage): CSeq | undefined {
  const text = message.headers.get('cseq')
  const cseq = text === undefined ? undefined : parseCSeq(text)
  return cseq?.ok ? cseq.value : undefined
}

export function callIdOf(message: SipMessage): string | undefined {
  return message.headers.get('call-id')
}

/** The tag of From, on every request of an RFC 3261 element. */
export function fromTag(message: SipMessage): string | undefined {
  const text = message.headers.get('from')
  return text === undefined ? undefined : addressParam(text, 'tag')
}

/** The tag of To: absent on the request that starts a dialog. */
export function toTag(message: SipMessage): string | undefined {
  const text = message.headers.get('to')
  return text === undefined ? undefined : addressParam(text, 'tag')
}

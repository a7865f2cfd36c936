import { utf8Decode } from '../../kit/index.ts'

/** SIP is text and begins with a letter (a line break when it is a keep-alive); RTP begins with its version, 0x80 and up. */
export function looksLikeSip(bytes: Uint8Array): boolean {
  const first = bytes[0] ?? 0
  return (first >= 0x41 && first <= 0x5a) || (first >= 0x61 && first <= 0x7a)
}

/**
 * What the ladder says of a message: `INVITE bob@10.0.0.2 (1) +sdp` or `180 Ringing (1 INVITE)`. `identity` is the
 * same for a message and its retransmissions. Reads text only, so that broken messages are drawn as well.
 */
export function describeSip(bytes: Uint8Array): { label: string; identity: string } {
  const text = utf8Decode(bytes.subarray(0, MOST_BYTES))
  const headEnd = /\r?\n\r?\n/.exec(text)?.index ?? text.length
  const head = text.slice(0, headEnd)
  const first = head.split(/\r?\n/, 1)[0] as string
  const header = (name: string) => new RegExp(`^(?:${name})[ \\t]*:[ \\t]*(.*?)\\r?$`, 'im').exec(head)?.[1] ?? ''
  const cseq = header('cseq')
  const body = bytes.length > headEnd + 4 && /sdp/i.test(header('content-type|c')) ? ' +sdp' : ''
  const branch = /branch=([^;,\s]+)/i.exec(header('via|v'))?.[1] ?? ''
  const identity = `${first} ${cseq} ${branch} ${header('call-id|i')} ${header('to|t')}`
  const status = /^SIP\/2\.0 (\d{3}) ?(.*)$/i.exec(first)
  if (status !== null) return { label: `${status[1]} ${status[2]} (${cseq})${body}`, identity }
  const [method, uri = ''] = first.split(' ')
  const target = uri.replace(/^sips?:/i, '').replace(/[;?].*$/, '')
  return { label: `${method} ${target} (${cseq.split(' ')[0]})${body}`, identity }
}

const MOST_BYTES = 4096

import { parseNameAddr, parseReason, parseUri, printUri, type SipHeaders, uriHeaders } from '../sip/index.ts'

/**
 * The URI that diverted a call to us last, or `undefined`. Diversion (RFC 5806) says so itself, the latest first.
 * History-Info (RFC 7044) lists every target that the request has had, ourselves at the end. Which of them diverted it is
 * told by `mp`, the index of who mapped the target, by the `cause` of the target that followed (RFC 4458), or by the
 * Reason of the target that was left (RFC 4244). A list without these tells of routing only.
 */
export function diversionOf(headers: SipHeaders): string | undefined {
  const diversion = headers.get('diversion')
  if (diversion !== undefined) return addressOf(diversion)?.uri
  if (!headers.has('history-info')) return undefined
  const entries = headers.all('history-info').flatMap((value) => addressOf(value) ?? [])
  for (let i = entries.length - 1; i >= 0; i--) {
    const { uri, params, isMapped, wasLeft } = entries[i] as Entry
    if (wasLeft) return uri
    const mappedBy = params.get('mp')
    if (mappedBy !== undefined) return entries.find((entry) => entry.params.get('index') === mappedBy)?.uri
    if (isMapped && i > 0) return entries[i - 1]?.uri
  }
  return undefined
}

interface Entry {
  /** Without the headers that History-Info packs into it. */
  readonly uri: string
  readonly params: ReadonlyMap<string, string>
  readonly isMapped: boolean
  readonly wasLeft: boolean
}

function addressOf(value: string): Entry | undefined {
  const address = parseNameAddr(value)
  if (!address.ok) return undefined
  const { uri: text, params } = address.value
  const uri = parseUri(text)
  if (!uri.ok || uri.value.scheme === 'tel') return { uri: text, params, isMapped: false, wasLeft: false }
  const { headers: _, ...plain } = uri.value
  const wasLeft = uriHeaders(uri.value).some(([name, reason]) => name.toLowerCase() === 'reason' && isRefusal(reason))
  return { uri: printUri(plain), params, isMapped: uri.value.params.has('cause'), wasLeft }
}

function isRefusal(reason: string): boolean {
  const parsed = parseReason(reason)
  return parsed.ok && parsed.value.protocol === 'SIP' && (parsed.value.cause ?? 0) >= 300
}

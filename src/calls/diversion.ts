import {
  type Diversion,
  type DiversionReason,
  type HistoryEntry,
  parseDiversion,
  parseHistoryEntry,
  parseUri,
  printDiversion,
  printHistoryEntry,
  printUri,
  type SipHeaders,
  type SipResponse,
  withParam,
} from '../sip/index.ts'

/**
 * The URI that diverted a call to us last, or `undefined`. Diversion (RFC 5806) says so itself, the latest first.
 * History-Info (RFC 7044) lists every target that the request has had, ourselves at the end. Which of them diverted it is
 * told by `mp`, the index of who mapped the target, by the `cause` of the target that followed (RFC 4458), or by the
 * Reason of the target that was left (RFC 4244). A list without these tells of routing only.
 */
export function diversionOf(headers: SipHeaders): string | undefined {
  const diversion = headers.get('diversion')
  if (diversion !== undefined) {
    const parsed = parseDiversion(diversion)
    return parsed.ok ? parsed.value.uri : undefined
  }
  if (!headers.has('history-info')) return undefined
  const entries = historyOf(headers)
  for (let i = entries.length - 1; i >= 0; i--) {
    const { uri, reason, mappedFrom, cause } = entries[i] as HistoryEntry
    if (reason?.protocol === 'SIP' && (reason.cause ?? 0) >= 300) return uri
    if (mappedFrom !== undefined) return entries.find(({ index }) => index === mappedFrom)?.uri
    if (cause !== undefined && i > 0) return entries[i - 1]?.uri
  }
  return undefined
}

/**
 * Whether a response says that our call was forwarded, and whether to a mailbox: its number is then the target of a URI that
 * says why (RFC 4458), or is called one.
 */
export function forwardingOf({ status, headers }: SipResponse): 'forwarded' | 'forwardedToMailbox' | undefined {
  const entries = historyOf(headers)
  const isMailbox = entries.some(({ uri, cause }, i) => i > 0 && isOfMailbox(uri, cause))
  if (isMailbox) return 'forwardedToMailbox'
  return status === 181 || headers.has('diversion') || diversionOf(headers) !== undefined ? 'forwarded' : undefined
}

function isOfMailbox(text: string, cause: number | undefined): boolean {
  const uri = parseUri(text)
  if (!uri.ok || uri.value.scheme === 'tel') return false
  return (cause !== undefined && uri.value.params.has('target')) || /voice-?mail|mailbox/i.test(uri.value.user ?? '')
}

/** How a far end is told that a call was diverted: RFC 5806, RFC 7044, both, or not. */
export type DiversionHeader = 'diversion' | 'history-info' | 'both' | 'none'

/** A call that came to us and goes on to somebody else. */
export interface DivertedCall {
  /** Of the INVITE that brought it: what diverted it before. */
  readonly headers: SipHeaders
  /** Whom it was for: who diverts it now. */
  readonly divertedBy: string
  readonly reason: DiversionReason
}

/** What is carried on of earlier diversions: somebody's list must not grow for ever. */
const MOST_ENTRIES = 20

/** The headers that tell of a diversion to `target`: what there was before, and ours. */
export function diversionHeaders(
  call: DivertedCall,
  target: string,
  as: DiversionHeader,
): (readonly [name: string, value: string])[] {
  return [
    ...(as === 'diversion' || as === 'both' ? diversions(call) : []),
    ...(as === 'history-info' || as === 'both' ? history(call, target) : []),
  ]
}

function diversions({ headers, divertedBy, reason }: DivertedCall): (readonly [string, string])[] {
  const ours: Diversion = { uri: divertedBy, reason, counter: 1, isPrivate: false }
  const earlier = headers.all('diversion').flatMap((value) => {
    const parsed = parseDiversion(value)
    return parsed.ok ? [parsed.value] : []
  })
  return [ours, ...earlier].slice(0, MOST_ENTRIES).map((entry) => ['Diversion', printDiversion(entry)] as const)
}

/** The status by which a request is retargeted for each reason (RFC 4458, RFC 7544). */
const CAUSES: Readonly<Partial<Record<DiversionReason, number>>> = {
  'user-busy': 486,
  'no-answer': 408,
  unavailable: 503,
  'out-of-service': 503,
  deflection: 480,
  'do-not-disturb': 480,
}

/** Whom it was for is the last target so far; where no list came, the first. The next is its child (RFC 7044 section 10.3). */
function history({ headers, divertedBy, reason }: DivertedCall, target: string): (readonly [string, string])[] {
  const earlier = historyOf(headers).slice(-MOST_ENTRIES)
  const none = { isPrivate: false, params: new Map<string, string>() }
  const entries: HistoryEntry[] = earlier.length > 0 ? earlier : [{ ...none, uri: divertedBy, index: '1' }]
  const last = entries.at(-1) as HistoryEntry
  const uri = withCause(target, CAUSES[reason] ?? 302)
  entries.push({ ...none, uri, index: `${last.index}.1`, mappedFrom: last.index })
  return entries.map((entry) => ['History-Info', printHistoryEntry(entry)] as const)
}

function withCause(target: string, cause: number): string {
  const uri = parseUri(target)
  if (!uri.ok || uri.value.scheme === 'tel') return target
  return printUri({ ...uri.value, params: withParam(uri.value.params, 'cause', String(cause)) })
}

function historyOf(headers: SipHeaders): HistoryEntry[] {
  return headers.all('history-info').flatMap((value) => {
    const entry = parseHistoryEntry(value)
    return entry.ok ? [entry.value] : []
  })
}

import { err, ok, type Result } from '../../kit/index.ts'
import { parseNameAddr, printNameAddr } from './name-addr.ts'
import { type Params, withParam } from './params.ts'
import { parseReason, printReason, type Reason } from './reason.ts'
import { escapeUriHeader, parseUri, printUri, uriHeaders } from './uri.ts'

/** One target that a request has had (RFC 7044 section 5). */
export interface HistoryEntry {
  /** The target, without the headers that History-Info packs into it. */
  readonly uri: string
  /** Where it stands in the tree of targets: `1`, `1.1`, `1.2`. */
  readonly index: string
  /** Why the request left this target for the next. */
  readonly reason?: Reason
  /** Not to be shown beyond the domain that wrote it. */
  readonly isPrivate: boolean
  /** The status by which the request came to this target (RFC 4458): 302 unconditional, 486 busy, 408 no answer. */
  readonly cause?: number
  /** The index of the target that was mapped to this one: another person. */
  readonly mappedFrom?: string
  /** The other parameters, `rc` and `np` among them, as they are. */
  readonly params: Params
}

const INDEX = /^\d{1,5}(\.\d{1,5}){0,30}$/

export function parseHistoryEntry(value: string): Result<HistoryEntry> {
  const address = parseNameAddr(value)
  if (!address.ok) return address
  const index = address.value.params.get('index')
  if (index === undefined || !INDEX.test(index)) return err('History-Info without an index')
  const mappedFrom = address.value.params.get('mp')
  const entry = {
    uri: address.value.uri,
    index,
    isPrivate: false,
    ...(mappedFrom !== undefined && INDEX.test(mappedFrom) && { mappedFrom }),
    params: withParam(withParam(address.value.params, 'index', undefined), 'mp', undefined),
  }
  const uri = parseUri(address.value.uri)
  if (!uri.ok || uri.value.scheme === 'tel') return ok(entry)
  const { headers: _, ...plain } = uri.value
  const cause = /^[1-6]\d\d$/.exec(plain.params.get('cause') ?? '')?.[0]
  let reason: Reason | undefined
  let isPrivate = false
  for (const [name, text] of uriHeaders(uri.value)) {
    const lower = name.toLowerCase()
    const parsed = lower === 'reason' ? parseReason(text) : undefined
    if (parsed?.ok) reason ??= parsed.value
    if (lower === 'privacy') isPrivate ||= /\bhistory\b/i.test(text)
  }
  return ok({
    ...entry,
    uri: printUri(plain),
    isPrivate,
    ...(reason !== undefined && { reason }),
    ...(cause !== undefined && { cause: Number(cause) }),
  })
}

/** `cause` is printed as it stands in `uri`. */
export function printHistoryEntry({ uri, index, reason, isPrivate, mappedFrom, params }: HistoryEntry): string {
  const headers = [
    ...(reason === undefined ? [] : [`Reason=${escapeUriHeader(printReason(reason))}`]),
    ...(isPrivate ? ['Privacy=history'] : []),
  ]
  const all = new Map([['index', index], ...(mappedFrom === undefined ? [] : [['mp', mappedFrom] as const]), ...params])
  return printNameAddr({ uri: headers.length === 0 ? uri : `${uri}?${headers.join('&')}`, params: all })
}

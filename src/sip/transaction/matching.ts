import { BRANCH_COOKIE, cseqOf, fromTag, type SipRequest, toTag, type Via } from '../message/index.ts'

/**
 * What makes requests part of one server transaction (RFC 3261 section 17.2.3): `of` a method gives the key under
 * which its transaction is kept. Read before `received` and `rport` are written into the Via.
 *
 * Keys are joined, not concatenated: they outlive the message by half a minute, and a concatenation would keep all of
 * its text.
 */
export interface RequestIdentity {
  of(method: string): string
  /** Of an RFC 2543 client: the key of the ACK for a failure, which carries the To tag of the response. */
  ofAck?(responseTag: string | undefined): string
}

export function requestIdentity(request: SipRequest, via: Via): RequestIdentity {
  const branch = via.params.get('branch')
  if (branch === undefined || !hasCookie(branch)) return legacyIdentity(request)
  // The branch as text would do if clients never collided by chance or malice: the sent-by is part of the match.
  return { of: (method) => [branch, via.host.toLowerCase(), via.port ?? '', method].join(' ') }
}

/** RFC 2543 clients choose no unique branch, so a good part of the request has to be the same. */
function legacyIdentity(request: SipRequest): RequestIdentity {
  const { headers } = request
  const number = cseqOf(request)?.number ?? ''
  const parts = [request.uri, fromTag(request) ?? '', headers.get('call-id') ?? '', number, headers.get('via') ?? '']
  const prefix = parts.join('\n')
  const ownTag = toTag(request) ?? ''
  return {
    of: (method) => [prefix, ownTag, method].join('\n'),
    ofAck: (responseTag) => [prefix, responseTag ?? '', 'ACK'].join('\n'),
  }
}

/** The cookie, compared without regard to case as every token is. */
function hasCookie(branch: string): boolean {
  return branch.startsWith(BRANCH_COOKIE) || branch.toLowerCase().startsWith(BRANCH_COOKIE.toLowerCase())
}

/**
 * What requests share that reached us over several paths from one fork (section 8.2.2.2): From tag, Call-ID and CSeq.
 * `undefined` for a request within a dialog, which never counts as merged.
 */
export function mergeKey(request: SipRequest): string | undefined {
  const { headers } = request
  if (!headers.has('to') || toTag(request) !== undefined) return undefined
  return [headers.get('call-id') ?? '', fromTag(request) ?? '', headers.get('cseq') ?? ''].join(' ')
}

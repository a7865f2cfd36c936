import { EMPTY_BODY, hasWord, parseContentType, type SipRequest, wordsOf } from '../message/index.ts'
import { parseParams } from '../message/params.ts'
import { ACCEPTED, type HeaderList } from './compose.ts'
import type { EndpointCore } from './core.ts'
import { intervalRefusal } from './session-expiry.ts'

/** Why a request is not served: the status, and the headers that tell the far end what would be. */
export interface Refusal {
  readonly status: number
  readonly headers: HeaderList
}

/** Methods that we know of and do not serve: 405. Any other name that we never heard of is 501 (RFC 3261 section 8.2.1). */
const KNOWN_METHODS: ReadonlySet<string> = new Set([
  'INFO',
  'MESSAGE',
  'NOTIFY',
  'PUBLISH',
  'REFER',
  'REGISTER',
  'SUBSCRIBE',
])

/**
 * The inspection of RFC 3261 section 8.2 for a request outside of a dialog, in its order: method, options required,
 * content. `undefined`: it may pass. Whether it is well-formed at all has been seen to before.
 */
export function refusalOf(core: EndpointCore, request: SipRequest): Refusal | undefined {
  const { method } = request
  if (method === 'BYE' || method === 'PRACK' || method === 'UPDATE' || method === 'INFO')
    return { status: 481, headers: [] }
  const isServed =
    method === 'INVITE' ||
    method === 'OPTIONS' ||
    (method === 'REFER' && core.options.acceptsRefer === true) ||
    core.options.outsideMethods?.includes(method) === true
  if (!isServed) return methodRefusal(core, method)
  // Only a call goes on from here to somewhere else (RFC 7332 section 3); OPTIONS ends here.
  if (method === 'INVITE' && request.headers.get('max-forwards') === '0') return { status: 483, headers: [] }
  const refusal = extensionRefusal(core, request)
  if (refusal !== undefined || method !== 'INVITE') return refusal
  return contentRefusal(request) ?? intervalRefusal(core, request)
}

export function methodRefusal(core: EndpointCore, method: string): Refusal {
  const headers: HeaderList = [['Allow', core.allow]]
  return { status: KNOWN_METHODS.has(method) ? 405 : 501, headers }
}

/** `path` is for who serves REGISTER, and asks nothing of anybody else (RFC 3327 section 5.3). */
const SERVED_OPTIONS: ReadonlySet<string> = new Set(['100rel', 'path'])

/** Section 8.2.2.3: every option that is required must be one of ours. */
export function extensionRefusal(core: EndpointCore, request: SipRequest): Refusal | undefined {
  if (!request.headers.has('require')) return undefined
  const hasTimers = core.sessionTimers !== undefined
  const { acceptsRefer, acceptsReplaces } = core.options
  const isServed = (option: string) =>
    SERVED_OPTIONS.has(option) ||
    (option === 'timer' && hasTimers) ||
    (option === 'replaces' && acceptsReplaces === true) ||
    (option === 'norefersub' && acceptsRefer === true)
  const unknown = wordsOf(request.headers, 'require').filter((option) => !isServed(option))
  return unknown.length === 0 ? undefined : { status: 420, headers: [['Unsupported', unknown.join(', ')]] }
}

/**
 * Section 8.2.3: the body of an INVITE must be a session description. One of another type that its sender marks as
 * optional (section 20.11) is taken off the request instead.
 */
export function contentRefusal(request: SipRequest): Refusal | undefined {
  if (request.body.length === 0) return undefined
  const { headers } = request
  const encoding = headers.get('content-encoding')
  const type = parseContentType(headers.get('content-type') ?? '')
  if (encoding === undefined && type.ok && type.value.type === ACCEPTED) return undefined
  if (isOptional(headers.get('content-disposition'))) {
    request.body = EMPTY_BODY
    return undefined
  }
  if (encoding !== undefined) return { status: 415, headers: [['Accept-Encoding', 'identity']] }
  return { status: 415, headers: [['Accept', ACCEPTED]] }
}

function isOptional(disposition: string | undefined): boolean {
  const semicolon = disposition?.indexOf(';') ?? -1
  if (disposition === undefined || semicolon < 0) return false
  return parseParams(disposition, semicolon)?.get('handling')?.toLowerCase() === 'optional'
}

/** Whether the far end can acknowledge provisional responses (RFC 3262 section 3), and whether it insists. */
export function reliability(request: SipRequest): 'none' | 'supported' | 'required' {
  if (hasWord(request.headers, 'require', '100rel')) return 'required'
  return hasWord(request.headers, 'supported', '100rel') ? 'supported' : 'none'
}

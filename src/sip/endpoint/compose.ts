import {
  addToTag,
  canonicalName,
  createResponse,
  type SipHeaders,
  type SipRequest,
  type SipResponse,
} from '../message/index.ts'
import type { EndpointCore } from './core.ts'

export type HeaderList = readonly (readonly [name: string, value: string])[]

export const ACCEPTED = 'application/sdp'

/** Headers that are the endpoint's own business, whatever a command says. */
const PROTECTED: ReadonlySet<string> = new Set([
  'via',
  'from',
  'to',
  'call-id',
  'cseq',
  'max-forwards',
  'record-route',
  'content-length',
  'content-type',
  'rseq',
  'session-expires',
])

/** Whether the endpoint writes this header itself, on whatever makes a call. */
export function isEndpointHeader(name: string): boolean {
  const canonical = canonicalName(name)
  return PROTECTED.has(canonical) || canonical === 'contact'
}

/** A response with our tag in To and our name in Server. */
export function compose(
  core: EndpointCore,
  request: SipRequest,
  status: number,
  tag: string,
  phrase?: string,
): SipResponse {
  const response = createResponse(request, status, phrase)
  addToTag(response, tag)
  if (core.options.userAgent !== undefined) response.headers.add('server', core.options.userAgent)
  return response
}

/** What we can do, on a 200 to OPTIONS and on whatever makes a session (section 11.2, 13.3.1.4). */
export function addCapabilities(core: EndpointCore, headers: SipHeaders): void {
  headers.add('allow', core.allow)
  headers.add('supported', core.supported)
}

/** Adds what a command asks for, but for what the endpoint writes itself. */
export function addHeaders(core: EndpointCore, headers: SipHeaders, wanted: HeaderList | undefined): void {
  for (const [name, value] of wanted ?? []) {
    const canonical = canonicalName(name)
    // A redirection names Contacts of its own; whatever makes a dialog has ours.
    const isOurs = PROTECTED.has(canonical) || (canonical === 'contact' && headers.has('contact'))
    if (isOurs) core.count('protectedHeaders')
    else headers.add(name, value)
  }
}

/** Puts a body on a message; without a type it is a session description. */
export function addBody(
  message: SipRequest | SipResponse,
  body: Uint8Array | undefined,
  contentType: string | undefined,
): void {
  if (body === undefined || body.length === 0) return
  message.headers.add('content-type', contentType ?? ACCEPTED)
  message.body = body
}

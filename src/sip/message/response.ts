import { toTag } from './accessors.ts'
import { SipHeaders } from './headers.ts'
import { EMPTY_BODY, type SipRequest, type SipResponse } from './message.ts'

/** The phrases of RFC 3261 section 21 and of the extensions registered since. */
export const REASON_PHRASES: Readonly<Record<number, string>> = {
  100: 'Trying',
  180: 'Ringing',
  181: 'Call Is Being Forwarded',
  182: 'Queued',
  183: 'Session Progress',
  199: 'Early Dialog Terminated',
  200: 'OK',
  202: 'Accepted',
  204: 'No Notification',
  300: 'Multiple Choices',
  301: 'Moved Permanently',
  302: 'Moved Temporarily',
  305: 'Use Proxy',
  380: 'Alternative Service',
  400: 'Bad Request',
  401: 'Unauthorized',
  402: 'Payment Required',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  406: 'Not Acceptable',
  407: 'Proxy Authentication Required',
  408: 'Request Timeout',
  410: 'Gone',
  412: 'Conditional Request Failed',
  413: 'Request Entity Too Large',
  414: 'Request-URI Too Long',
  415: 'Unsupported Media Type',
  416: 'Unsupported URI Scheme',
  417: 'Unknown Resource-Priority',
  420: 'Bad Extension',
  421: 'Extension Required',
  422: 'Session Interval Too Small',
  423: 'Interval Too Brief',
  424: 'Bad Location Information',
  428: 'Use Identity Header',
  429: 'Provide Referrer Identity',
  430: 'Flow Failed',
  433: 'Anonymity Disallowed',
  436: 'Bad Identity-Info',
  437: 'Unsupported Certificate',
  438: 'Invalid Identity Header',
  439: 'First Hop Lacks Outbound Support',
  440: 'Max-Breadth Exceeded',
  469: 'Bad Info Package',
  470: 'Consent Needed',
  480: 'Temporarily Unavailable',
  481: 'Call/Transaction Does Not Exist',
  482: 'Loop Detected',
  483: 'Too Many Hops',
  484: 'Address Incomplete',
  485: 'Ambiguous',
  486: 'Busy Here',
  487: 'Request Terminated',
  488: 'Not Acceptable Here',
  489: 'Bad Event',
  491: 'Request Pending',
  493: 'Undecipherable',
  494: 'Security Agreement Required',
  500: 'Server Internal Error',
  501: 'Not Implemented',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Server Time-out',
  505: 'Version Not Supported',
  513: 'Message Too Large',
  555: 'Push Notification Service Not Supported',
  580: 'Precondition Failure',
  600: 'Busy Everywhere',
  603: 'Decline',
  604: 'Does Not Exist Anywhere',
  606: 'Not Acceptable',
  607: 'Unwanted',
  608: 'Rejected',
}

const CLASS_PHRASES = ['Progress', 'Success', 'Redirection', 'Client Error', 'Server Error', 'Global Failure']

/** The phrase of a status 100..699; of an unregistered one, the name of its class. */
export function reasonPhrase(status: number): string {
  return PHRASES[status] ?? 'Unknown'
}

/** Of every status: the engine looks into an array in no time, into an object with numbers for keys it has to call itself. */
const PHRASES: readonly string[] = Array.from(
  { length: 700 },
  (_, status) => REASON_PHRASES[status] ?? CLASS_PHRASES[Math.floor(status / 100) - 1] ?? 'Unknown',
)

/**
 * The response to a request (RFC 3261 section 8.2.6): Via, From, To, Call-ID and CSeq are copied, Record-Route too
 * in 101-299, which may make a dialog (section 12.1.1), and Timestamp in 100. The caller adds its tag to To:
 * see {@link addToTag}.
 */
export function createResponse(request: SipRequest, status: number, phrase = reasonPhrase(status)): SipResponse {
  const headers = new SipHeaders()
  headers.copyAll('via', request.headers)
  if (status > 100 && status < 300) headers.copyAll('record-route', request.headers)
  for (const name of COPIED) headers.copyFirst(name, request.headers)
  if (status === 100) headers.copyFirst('timestamp', request.headers)
  return { kind: 'response', status, phrase, headers, body: EMPTY_BODY }
}

/** Adds a tag to the To of a response, unless the request brought one (RFC 3261 section 8.2.6.2). */
export function addToTag(response: SipResponse, tag: string): void {
  const to = response.headers.get('to')
  if (to !== undefined && toTag(response) === undefined) response.headers.set('to', `${to};tag=${tag}`)
}

const COPIED = ['from', 'to', 'call-id', 'cseq'] as const

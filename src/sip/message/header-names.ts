/**
 * The names of header fields: compact and long forms, how each is printed, and which may hold several values
 * separated by commas.
 */

/** Long forms as they are printed, with the compact form where one is registered (RFC 3261 section 7.3.3 and IANA). */
const REGISTERED: readonly (readonly [printed: string, compact?: string])[] = [
  ['Accept'],
  ['Accept-Contact', 'a'],
  ['Accept-Encoding'],
  ['Accept-Language'],
  ['Alert-Info'],
  ['Allow'],
  ['Allow-Events', 'u'],
  ['Authentication-Info'],
  ['Authorization'],
  ['Call-ID', 'i'],
  ['Call-Info'],
  ['Contact', 'm'],
  ['Content-Disposition'],
  ['Content-Encoding', 'e'],
  ['Content-Language'],
  ['Content-Length', 'l'],
  ['Content-Type', 'c'],
  ['CSeq'],
  ['Date'],
  ['Diversion'],
  ['Error-Info'],
  ['Event', 'o'],
  ['Expires'],
  ['From', 'f'],
  ['History-Info'],
  ['Identity', 'y'],
  ['Identity-Info', 'n'],
  ['In-Reply-To'],
  ['Info-Package'],
  ['Max-Forwards'],
  ['MIME-Version'],
  ['Min-Expires'],
  ['Min-SE'],
  ['Organization'],
  ['P-Asserted-Identity'],
  ['P-Preferred-Identity'],
  ['Path'],
  ['Priority'],
  ['Privacy'],
  ['Proxy-Authenticate'],
  ['Proxy-Authorization'],
  ['Proxy-Require'],
  ['RAck'],
  ['Reason'],
  ['Record-Route'],
  ['Recv-Info'],
  ['Refer-Sub'],
  ['Refer-To', 'r'],
  ['Referred-By', 'b'],
  ['Reject-Contact', 'j'],
  ['Remote-Party-ID'],
  ['Replaces'],
  ['Reply-To'],
  ['Request-Disposition', 'd'],
  ['Require'],
  ['Retry-After'],
  ['Route'],
  ['RSeq'],
  ['Server'],
  ['Service-Route'],
  ['Session-Expires', 'x'],
  ['Subject', 's'],
  ['Subscription-State'],
  ['Supported', 'k'],
  ['Target-Dialog'],
  ['Timestamp'],
  ['To', 't'],
  ['Unsupported'],
  ['User-Agent'],
  ['User-To-User'],
  ['Via', 'v'],
  ['Warning'],
  ['WWW-Authenticate'],
]

/** Lists whose elements are plain words: printed on one line. */
const WORD_LISTS: ReadonlySet<string> = new Set([
  'accept',
  'accept-encoding',
  'accept-language',
  'allow',
  'allow-events',
  'content-encoding',
  'content-language',
  'in-reply-to',
  'proxy-require',
  'recv-info',
  'require',
  'supported',
  'unsupported',
])

/** Every header whose grammar is a comma-separated list. Digest headers are not: their commas part parameters. */
const LISTS: ReadonlySet<string> = new Set([
  ...WORD_LISTS,
  'accept-contact',
  'alert-info',
  'call-info',
  'contact',
  'diversion',
  'error-info',
  'history-info',
  'p-asserted-identity',
  'p-preferred-identity',
  'path',
  'reason',
  'record-route',
  'reject-contact',
  'request-disposition',
  'route',
  'service-route',
  'via',
  'warning',
])

const canonical = new Map<string, string>()
const printed = new Map<string, string>()
for (const [name, compact] of REGISTERED) {
  const lower = name.toLowerCase()
  printed.set(lower, name)
  for (const spelling of [name, lower, name.toUpperCase(), capitalize(lower)]) canonical.set(spelling, lower)
  if (compact !== undefined) for (const spelling of [compact, compact.toUpperCase()]) canonical.set(spelling, lower)
}

/**
 * The long, lower-case name of a header given in any case, compact or long (RFC 3261 section 7.3.3). The usual
 * spellings cost one look-up, because every header of every message passes here.
 */
export function canonicalName(name: string): string {
  const known = canonical.get(name)
  if (known !== undefined) return known
  const lower = name.toLowerCase()
  return canonical.get(lower) ?? lower
}

/** The long name as it is printed (`call-id` gives `Call-ID`). Whatever is not allowed in a name is left out. */
export function printedName(canonicalName: string): string {
  return printed.get(canonicalName) ?? capitalize(canonicalName.replace(/[^\w.!%*+`'~-]/g, ''))
}

/** Whether one line of this header may hold several values separated by commas (RFC 3261 section 7.3.1). */
export function isListHeader(canonicalName: string): boolean {
  return LISTS.has(canonicalName)
}

/** Whether the values of this header are best printed on one line (`Allow`, `Supported`, ...). */
export function isWordList(canonicalName: string): boolean {
  return WORD_LISTS.has(canonicalName)
}

/** `x-account-id` gives `X-Account-Id`. */
function capitalize(lower: string): string {
  return lower.replace(/(^|-)[a-z]/g, (start) => start.toUpperCase())
}

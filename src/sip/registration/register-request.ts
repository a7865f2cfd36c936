import { err, ok, type Result } from '../../kit/index.ts'
import {
  callIdOf,
  cseqOf,
  type NameAddr,
  parseContacts,
  parseDeltaSeconds,
  parseNameAddr,
  parseUri,
  type SipRequest,
  unescapeUri,
} from '../message/index.ts'

/** What a REGISTER asks for. */
export interface RegisterRequest {
  /** The user of its To. */
  readonly user: string
  /** `'*'`: every binding is to go. None: which bindings are there? */
  readonly contacts: '*' | readonly WantedContact[]
  readonly path: readonly string[]
  readonly callId: string
  readonly cseq: number
}

export interface WantedContact {
  readonly uri: string
  readonly q: number
  /** In seconds; `undefined`: as long as we like. 0: it is to go. */
  readonly expiresS: number | undefined
  readonly instance: string | undefined
}

/** The longest URI of a Contact, in characters, and the most hops of a Path. */
const LONGEST_URI = 512
const MOST_HOPS = 8

/** Reads a REGISTER (RFC 3261 section 10.3, RFC 3327). The error is the phrase of a 400. */
export function readRegister(request: SipRequest): Result<RegisterRequest> {
  const { headers } = request
  const to = parseNameAddr(headers.get('to') ?? '')
  const addressOfRecord = to.ok ? parseUri(to.value.uri) : to
  const callId = callIdOf(request)
  const cseq = cseqOf(request)?.number
  if (!addressOfRecord.ok || callId === undefined || cseq === undefined) return err('Malformed To, Call-ID or CSeq')
  const user =
    addressOfRecord.value.scheme === 'tel'
      ? addressOfRecord.value.number
      : unescapeUri(addressOfRecord.value.user ?? '')
  const expires = headers.get('expires')
  const listed = parseContacts(headers)
  if (!listed.ok) return err('Malformed Contact')
  const path = headers.all('path')
  if (path.length > MOST_HOPS || !path.every((hop) => parseNameAddr(hop).ok)) return err('Malformed Path')
  const common = { user, path, callId, cseq }
  if (listed.value === '*') {
    // Section 10.2.2: with anything else it would be a slip.
    return expires?.trim() === '0' ? ok({ ...common, contacts: '*' }) : err('Contact * Without Expires 0')
  }
  const contacts: WantedContact[] = []
  for (const contact of listed.value) {
    const wanted = readContact(contact, expires)
    if (!wanted.ok) return wanted
    contacts.push(wanted.value)
  }
  return ok({ ...common, contacts })
}

function readContact({ uri, params }: NameAddr, expires: string | undefined): Result<WantedContact> {
  const parsed = parseUri(uri)
  if (!parsed.ok || parsed.value.scheme === 'tel' || parsed.value.headers !== undefined || uri.length > LONGEST_URI)
    return err('Malformed Contact')
  // One that cannot be read counts as an hour (section 10.3): as long as we like.
  const span = parseDeltaSeconds(params.get('expires') ?? expires ?? '')
  const preference = /^(0(\.\d{0,3})?|1(\.0{0,3})?)$/.exec(params.get('q') ?? '1')?.[0]
  if (preference === undefined) return err('Malformed q')
  const instance = params.get('+sip.instance')
  return ok({
    uri,
    q: Number(preference),
    expiresS: span.ok ? span.value : undefined,
    instance: instance === undefined ? undefined : `${instance.slice(0, 100)} ${params.get('reg-id') ?? ''}`,
  })
}

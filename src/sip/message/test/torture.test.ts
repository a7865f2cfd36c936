import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import {
  createResponse,
  cseqOf,
  fromTag,
  hasWord,
  parseAuthParams,
  parseContacts,
  parseContentType,
  parseDeltaSeconds,
  parseMessage,
  parseNameAddr,
  parseUri,
  printMessage,
  type SipMessage,
  SipStreamFramer,
  type SipUri,
  topVia,
  toTag,
  unescapeUri,
  uniqueBranch,
  uriEquals,
  uriHeaders,
  validateRequest,
  wordsOf,
} from '../index.ts'

/*
 * The torture messages of RFC 4475, byte for byte (rfc4475/*.dat), each with what we do with it: taken as it is,
 * refused with a status, or dropped. "The layer", "the endpoint" and "the registrar" stand above this folder; where
 * they decide, the test pins what they decide by.
 */

const folder = new URL('./rfc4475/', import.meta.url)

function bytesOf(name: string): Uint8Array {
  return new Uint8Array(readFileSync(new URL(`${name}.dat`, folder)))
}

/** Parses a message that must parse. */
function parsed(name: string): SipMessage {
  const result = parseMessage(bytesOf(name))
  if (!result.ok) throw new Error(`${name}: ${result.error.code}: ${result.error.detail}`)
  return result.value
}

/** Parses a request that must parse and be in order. */
function accepted(name: string): SipMessage {
  const message = parsed(name)
  if (message.kind === 'request') expect(validateRequest(message)).toBeUndefined()
  return message
}

/** The status and phrase that a request which parses is refused with. */
function refused(name: string): string {
  const message = parsed(name)
  const fault = message.kind === 'request' ? validateRequest(message) : undefined
  return fault === undefined ? 'accepted' : `${fault.status} ${fault.phrase}`
}

/** The parser's error, and the response that it makes possible. */
function broken(name: string): { code: string; response: string | undefined } {
  const result = parseMessage(bytesOf(name))
  if (result.ok) throw new Error(`${name} parsed`)
  const { code, status, request } = result.error
  const response = request && new TextDecoder().decode(printMessage(createResponse(request, status)))
  return { code, response: response?.split('\r\n')[0] }
}

function uriOf(text: string): SipUri {
  const uri = parseUri(text)
  if (!uri.ok || uri.value.scheme === 'tel') throw new Error(`${text}: no SIP URI`)
  return uri.value
}

function addressOf(message: SipMessage, name: string): { displayName?: string; uri: string } {
  const address = parseNameAddr(message.headers.get(name) ?? '')
  if (!address.ok) throw new Error(address.error)
  return address.value
}

function contactsOf(message: SipMessage): readonly { uri: string; params: ReadonlyMap<string, string> }[] {
  const contacts = parseContacts(message.headers)
  if (!contacts.ok || contacts.value === '*') throw new Error('no contacts')
  return contacts.value
}

describe('RFC 4475 section 3.1.1, valid messages', () => {
  it('wsinv: takes folding, white space everywhere, compact names and leading zeros', () => {
    const message = accepted('wsinv')
    expect(message.headers.all('via')).toHaveLength(3)
    expect(topVia(message)).toMatchObject({ transport: 'UDP', host: '192.0.2.2' })
    expect(topVia(message)?.params.get('branch')).toBe('390skdjuw')
    expect(toTag(message)).toBe('1918181833n')
    expect(fromTag(message)).toBe('98asjd8')
    expect(addressOf(message, 'from').displayName).toBe('J Rosenberg \\"')
    expect(cseqOf(message)).toEqual({ number: 9, method: 'INVITE' })
    expect(message.headers.get('subject')).toBe('')
    expect(message.headers.get('newfangledheader')).toBe('newfangled value continued newfangled value')
    expect(message.headers.all('UnknownHeaderWithUnusualValue')).toEqual([';;,,;;,;'])
    expect(contactsOf(message)[0]?.params).toEqual(
      new Map([
        ['newparam', 'newvalue'],
        ['secondparam', ''],
        ['q', '0.33'],
      ]),
    )
    expect(message.body).toHaveLength(150)
  })

  it('intmeth: takes every character that the grammar allows; the endpoint answers 501', () => {
    const message = accepted('intmeth')
    expect(message.kind === 'request' && message.method).toBe("!interesting-Method0123456789_*+`.%indeed'~")
    expect(cseqOf(message)?.number).toBe(139122385)
    const uri = uriOf(message.kind === 'request' ? message.uri : '')
    expect(uri.user).toBe("1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*")
    expect(uri.password).toBe("&it+has=1,weird!*pas$wo~d_too.(doesn't-it)")
    expect(uri.host).toBe('example.com')
    expect(addressOf(message, 'to').displayName).toBe('BEL:\x07 NUL:\x00 DEL:\x7f')
    expect(addressOf(message, 'from').displayName).toBe("token1~` token2'+_ token3*%!.-")
    expect(fromTag(message)).toBe("_token~1'+`*%!-.")
    expect(message.headers.get('call-id')).toBe('intmeth.word%ZK-!.*_+\'@word`~)(><:\\/"][?}{')
    expect(message.headers.get("extensionHeader-!.%*+_`'~")).toBe('\ufeff大停電')
  })

  it('esc01: takes escapes, and compares with them undone', () => {
    const message = accepted('esc01')
    const uri = uriOf(message.kind === 'request' ? message.uri : '')
    expect(uri.host).toBe('example.net')
    expect(unescapeUri(uri.user ?? '')).toBe('sips:user@example.com')
    expect(uriEquals(uriOf(addressOf(message, 'to').uri), uriOf('sip:user@example.com'))).toBe(true)
    expect(unescapeUri(uriOf(addressOf(message, 'from').uri).user ?? '')).toBe('I have spaces')
    const contact = uriOf(contactsOf(message)[0]?.uri ?? '')
    expect(unescapeUri(contact.params.get('n%61me') ?? '')).toBe('value%41')
  })

  it('escnull: takes escaped NULs as characters, not as ends', () => {
    const message = accepted('escnull')
    expect(contactsOf(message).map(({ uri }) => unescapeUri(uriOf(uri).user ?? ''))).toEqual(['\0', '\0\0'])
    expect(uriOf(addressOf(message, 'to').uri).user).toBe('null-%00-null')
  })

  it('esc02: undoes no escape where the grammar has none', () => {
    const message = accepted('esc02')
    expect(message.kind === 'request' && message.method).toBe('RE%47IST%45R')
    expect(message.headers.all('contact')).toHaveLength(2)
    expect(message.headers.get('c%6fntact')).toBe('<sip:alias2@host2.example.com>')
    expect(addressOf(message, 'to').displayName).toBe('%Z%45')
  })

  it('lwsdisp: takes a display name that touches its bracket', () => {
    expect(addressOf(accepted('lwsdisp'), 'from')).toMatchObject({
      displayName: 'caller',
      uri: 'sip:caller@example.com',
    })
  })

  it('longreq: takes long values and 34 Vias', () => {
    const message = accepted('longreq')
    expect(message.headers.all('via')).toHaveLength(34)
    expect(fromTag(message)).toHaveLength(155)
    expect(message.headers.get('call-id')).toMatch(/^longreq\.onereally(really){19}longcallid$/)
    expect(message.body).toHaveLength(150)
  })

  it('dblreq: takes the first request of a datagram and drops the rest; a stream gives both', () => {
    const message = accepted('dblreq')
    expect(message.kind === 'request' && message.method).toBe('REGISTER')
    expect(message.body).toHaveLength(0)

    const framer = new SipStreamFramer()
    framer.handle(bytesOf('dblreq'))
    const first = framer.poll()
    const second = framer.poll()
    expect([first?.type, second?.type]).toEqual(['message', 'message'])
    const invite = second?.type === 'message' ? parseMessage(second.bytes) : undefined
    expect(invite?.ok && invite.value.headers.get('i')).toBe('dblreq.0ha0isnda977644900765@192.0.2.15')
  })

  it('semiuri: takes a semicolon in the user part as part of the user', () => {
    const message = accepted('semiuri')
    const uri = uriOf(message.kind === 'request' ? message.uri : '')
    expect(unescapeUri(uri.user ?? '')).toBe('user;par=u@example.net')
    expect(uri.params.size).toBe(0)
    expect(message.headers.all('accept')).toHaveLength(6)
  })

  it('transports: takes any transport in a Via', () => {
    const message = accepted('transports')
    expect(message.headers.all('via')).toHaveLength(5)
    expect(topVia(message)?.transport).toBe('UDP')
  })

  it('mpart01: hands a binary body through untouched', () => {
    const message = accepted('mpart01')
    expect(message.body).toHaveLength(553)
    const type = parseContentType(message.headers.get('content-type') ?? '')
    expect(type.ok && type.value.params.get('boundary')).toBe('7a9cbec02ceef655')
    const again = parseMessage(printMessage(message))
    expect(again.ok && again.value.body).toEqual(message.body)
  })

  it('unreason: takes a reason phrase of any UTF-8', () => {
    const message = accepted('unreason')
    expect(message.kind === 'response' && message.status).toBe(200)
    expect(message.kind === 'response' && message.phrase).toBe('= 2**3 * 5**2 но сто девяносто девять - простое')
  })

  it('noreason: takes an empty reason phrase', () => {
    const message = accepted('noreason')
    expect(message).toMatchObject({ kind: 'response', status: 100, phrase: '' })
  })
})

describe('RFC 4475 section 3.1.2, invalid messages', () => {
  it('badinv01: refuses stray separators in Via', () => {
    expect(refused('badinv01')).toBe('400 Missing or Malformed Via')
  })

  it('clerr: refuses a body shorter than Content-Length', () => {
    expect(broken('clerr')).toEqual({ code: 'truncated', response: 'SIP/2.0 400 Bad Request' })
  })

  it('ncl: refuses a negative Content-Length', () => {
    expect(broken('ncl')).toEqual({ code: 'contentLength', response: 'SIP/2.0 400 Bad Request' })
  })

  it('scalar02: refuses a CSeq beyond 31 bits; an Expires beyond 32 bits counts as the largest', () => {
    const message = parsed('scalar02')
    expect(cseqOf(message)).toBeUndefined()
    expect(refused('scalar02')).toBe('400 Malformed CSeq')
    expect(parseDeltaSeconds(message.headers.get('expires') ?? '')).toEqual({ ok: true, value: 0xffff_ffff })
  })

  it('scalarlg: drops a response whose CSeq cannot be read (the layer finds no transaction for it)', () => {
    const message = parsed('scalarlg')
    expect(cseqOf(message)).toBeUndefined()
    expect(parseDeltaSeconds(message.headers.get('retry-after') ?? '')).toEqual({ ok: true, value: 0xffff_ffff })
  })

  it('quotbal: refuses a To whose quote never ends', () => {
    expect(refused('quotbal')).toBe('400 Malformed To')
  })

  it('ltgtruri: refuses angle brackets around the Request-URI', () => {
    expect(refused('ltgtruri')).toBe('400 Malformed Request-URI')
  })

  it('lwsruri: refuses white space inside the Request-URI', () => {
    expect(broken('lwsruri')).toEqual({ code: 'startLine', response: 'SIP/2.0 400 Bad Request' })
  })

  it('lwsstart: takes several spaces between the parts of the request line', () => {
    const message = accepted('lwsstart')
    expect(message.kind === 'request' && message.uri).toBe('sip:user@example.com')
  })

  it('trws: takes spaces at the end of the request line', () => {
    const message = accepted('trws')
    expect(message.kind === 'request' && message.uri).toBe('sip:remote-target@example.com')
  })

  it('escruri: refuses headers in the Request-URI', () => {
    expect(refused('escruri')).toBe('400 Headers in the Request-URI')
  })

  it('baddate: takes a Date of another time zone as the text it is, since nothing here reads it', () => {
    expect(accepted('baddate').headers.get('date')).toBe('Fri, 01 Jan 2010 16:00:00 EST')
  })

  it('regbadct: refuses, in the registrar, a Contact whose URI needs angle brackets', () => {
    expect(parseContacts(accepted('regbadct').headers)).toEqual({ ok: false, error: 'URI that needs angle brackets' })
  })

  it('badaspec: takes spaces inside the angle brackets', () => {
    expect(addressOf(accepted('badaspec'), 'to')).toMatchObject({
      displayName: 'Watson, Thomas',
      uri: 'sip:t.watson@example.org',
    })
  })

  it('baddn: takes a display name that should have been quoted', () => {
    expect(addressOf(accepted('baddn'), 'from')).toMatchObject({
      displayName: 'Bell, Alexander',
      uri: 'sip:a.g.bell@example.com',
    })
  })

  it('badvers: answers 505 to another version of SIP', () => {
    expect(broken('badvers')).toEqual({ code: 'version', response: 'SIP/2.0 505 Version Not Supported' })
  })

  it('mismatch01: refuses a CSeq of another method', () => {
    expect(refused('mismatch01')).toBe('400 CSeq Method Does Not Match')
  })

  it('mismatch02: refuses a CSeq of another method, also when the method is unknown', () => {
    expect(refused('mismatch02')).toBe('400 CSeq Method Does Not Match')
  })

  it('bigcode: drops a response of more than three digits', () => {
    expect(broken('bigcode')).toEqual({ code: 'startLine', response: undefined })
  })
})

describe('RFC 4475 section 3.2, transaction layer', () => {
  it('badbranch: takes the bare cookie for no branch, so that the layer matches as in RFC 2543', () => {
    const via = topVia(accepted('badbranch'))
    expect(via?.params.get('branch')).toBe('z9hG4bK')
    expect(via && uniqueBranch(via)).toBeUndefined()
  })
})

describe('RFC 4475 section 3.3, application layer', () => {
  it('insuf: refuses a request without From, To, Call-ID and Max-Forwards', () => {
    expect(refused('insuf')).toBe('400 Missing From')
  })

  it('unkscm: answers 416 to an unknown scheme', () => {
    expect(refused('unkscm')).toBe('416 Unsupported URI Scheme')
  })

  it('novelsc: answers 416 to a known scheme that is not SIP', () => {
    expect(refused('novelsc')).toBe('416 Unsupported URI Scheme')
  })

  it('unksm2: takes other schemes in To, From and Contact; the registrar knows no such address', () => {
    const message = accepted('unksm2')
    expect(addressOf(message, 'to').uri).toBe('isbn:2983792873')
    expect(parseUri('isbn:2983792873').ok).toBe(false)
    expect(contactsOf(message)[0]?.uri).toBe('name:John_Smith')
  })

  it('bext01: shows what it requires, so that the endpoint answers 420', () => {
    const { headers } = accepted('bext01')
    expect(wordsOf(headers, 'require')).toEqual(['nothingsupportsthis', 'nothingsupportsthiseither'])
    expect(hasWord(headers, 'proxy-require', 'noproxiessupportthis')).toBe(true)
  })

  it('invut: shows a body of unknown type, so that the endpoint answers 415', () => {
    const message = accepted('invut')
    const type = parseContentType(message.headers.get('c') ?? '')
    expect(type.ok && type.value.type).toBe('application/unknownformat')
    expect(message.body).toHaveLength(40)
  })

  it('regaut01: shows an unknown authentication scheme, which counts as no credentials', () => {
    const auth = parseAuthParams(accepted('regaut01').headers.get('authorization') ?? '')
    expect(auth.ok && auth.value.scheme).toBe('NoOneKnowsThisScheme')
  })

  it('multi01: refuses single headers given twice, and copies one of each into the response', () => {
    expect(refused('multi01')).toBe('400 More Than One From')
    const message = parsed('multi01')
    const response = message.kind === 'request' ? createResponse(message, 400) : undefined
    expect(response?.headers.all('from')).toHaveLength(1)
    expect(response?.headers.all('cseq')).toEqual(['5 INVITE'])
  })

  it('mcl01: refuses two different Content-Lengths', () => {
    expect(broken('mcl01')).toEqual({ code: 'contentLength', response: 'SIP/2.0 400 Bad Request' })
  })

  it('bcast: shows a second Via, by which the layer drops a response that is not for us', () => {
    expect(accepted('bcast').headers.all('via')).toHaveLength(2)
  })

  it('zeromf: takes Max-Forwards 0, since we are where the request ends', () => {
    expect(accepted('zeromf').headers.get('max-forwards')).toBe('0')
  })

  it('cparam01: takes the parameter behind a bare Contact URI for one of the header', () => {
    expect(contactsOf(accepted('cparam01'))[0]).toEqual({
      uri: 'sip:+19725552222@gw1.example.net',
      params: new Map([['unknownparam', '']]),
    })
  })

  it('cparam02: takes the parameter inside the angle brackets for one of the URI', () => {
    const contact = contactsOf(accepted('cparam02'))[0]
    expect(contact?.params.size).toBe(0)
    expect(uriOf(contact?.uri ?? '').params.has('unknownparam')).toBe(true)
  })

  it('regescrt: shows the headers that a contact wants in requests to it', () => {
    const uri = uriOf(contactsOf(accepted('regescrt'))[0]?.uri ?? '')
    expect(uriHeaders(uri)).toEqual([['Route', '<sip:sip.example.com>']])
  })

  it('sdp01: shows an Accept without SDP, so that the endpoint answers 406', () => {
    expect(accepted('sdp01').headers.all('accept')).toEqual(['text/nobodyKnowsThis'])
  })
})

describe('RFC 4475 section 3.4, backward compatibility', () => {
  it('inv2543: takes an INVITE without branch, tags, Max-Forwards and Content-Length', () => {
    const message = accepted('inv2543')
    expect(fromTag(message)).toBeUndefined()
    expect(new TextDecoder().decode(message.body)).toMatch(/^v=0\r\n.*RTP\/AVP 0\r\n$/s)
    expect(contactsOf(message)).toEqual([])
  })
})

it('every message of the RFC is here', () => {
  expect(readdirSync(folder).filter((name) => name.endsWith('.dat'))).toHaveLength(49)
})

it('every message that parses prints to something that parses to the same', () => {
  for (const name of readdirSync(folder)) {
    const message = name.endsWith('.dat') ? parseMessage(bytesOf(name.slice(0, -4))) : undefined
    if (!message?.ok) continue
    const printed = printMessage(message.value)
    const again = parseMessage(printed)
    expect(again.ok && printMessage(again.value), name).toEqual(printed)
  }
})

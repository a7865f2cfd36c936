import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  addToTag,
  createResponse,
  cseqOf,
  fromTag,
  identitiesOf,
  parseAuthParams,
  parseContacts,
  parseContentType,
  parseCSeq,
  parseDeltaSeconds,
  parseDiversion,
  parseHistoryEntry,
  parseMessage,
  parseNameAddr,
  parseRAck,
  parseReason,
  parseUri,
  parseVia,
  printChallenge,
  printContentType,
  printCSeq,
  printDiversion,
  printHistoryEntry,
  printMessage,
  printNameAddr,
  printReason,
  printUri,
  printVia,
  privacyOf,
  reasonOf,
  type SipMessage,
  SipStreamFramer,
  topVia,
  toTag,
  unescapeUri,
  uriEquals,
  validateRequest,
} from '../index.ts'
import { CALL, sip } from './samples.ts'

/** Everything that the rooms above may do with bytes from a stranger; throws when anything in it does. */
function exercise(bytes: Uint8Array): SipMessage | undefined {
  const result = parseMessage(bytes)
  const message = result.ok ? result.value : result.error.request
  if (!result.ok && result.error.request !== undefined) {
    printMessage(createResponse(result.error.request, result.error.status))
  }
  if (message === undefined) return undefined
  topVia(message)
  cseqOf(message)
  fromTag(message)
  toTag(message)
  parseContacts(message.headers)
  reasonOf(message.headers, 'SIP')
  identitiesOf(message.headers)
  privacyOf(message.headers)
  for (const [, value] of message.headers.entries()) parseAll(value)
  if (message.kind === 'request') {
    validateRequest(message)
    const response = createResponse(message, 200)
    addToTag(response, 'x')
    printMessage(response)
  }
  printMessage(message)
  return result.ok ? message : undefined
}

function parseAll(text: string): void {
  parseDeltaSeconds(text)
  parseRAck(text)
  unescapeUri(text)
  for (const stable of STABLE) stable(text)
}

/** Printing what was parsed and parsing it again changes nothing: the printed text, or `undefined` for an error. */
const STABLE: readonly ((text: string) => [first: string, second: string | undefined] | undefined)[] = [
  (text) => stable(parseUri, printUri, text),
  (text) => stable(parseNameAddr, printNameAddr, text),
  (text) => stable(parseVia, printVia, text),
  (text) => stable(parseCSeq, printCSeq, text),
  (text) => stable(parseReason, printReason, text),
  (text) => stable(parseDiversion, printDiversion, text),
  (text) => stable(parseHistoryEntry, printHistoryEntry, text),
  (text) => stable(parseContentType, printContentType, text),
  (text) => stable(parseAuthParams, printChallenge, text),
]

function stable<Value>(
  parse: (text: string) => { ok: true; value: Value } | { ok: false },
  print: (value: Value) => string,
  text: string,
): [string, string | undefined] | undefined {
  const first = parse(text)
  if (!first.ok) return undefined
  const printed = print(first.value)
  const second = parse(printed)
  return [printed, second.ok ? print(second.value) : undefined]
}

const aMessage = fc.constantFrom(...Object.values(CALL))

/** Pieces that header grammars are made of, so that random text gets deep into the parsers. */
const aHeaderText = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        ...['"', '\\', '<', '>', ';', '=', ',', ' ', '\t', ':', '@', '?', '&', '%', '%41', '[', ']', '/', '*', '.'],
        ...[
          'sip:',
          'sips:',
          'tel:+1',
          'SIP/2.0/UDP',
          'tag',
          'branch=z9hG4bK',
          'rport',
          'a',
          '5060',
          '[::1]',
          'Digest ',
        ],
        ...['index=1', 'mp=1', '?Reason=SIP%3Bcause%3D302', ';cause=302', 'privacy=full', 'counter=2'],
        ...['realm="x"', 'algorithm=', 'text/plain', 'cause=16', 'INVITE', '\u00e9', '\ud83d\ude00', '\0'],
      ),
      fc.string({ maxLength: 3 }),
    ),
    { maxLength: 24 },
  )
  .map((pieces) => pieces.join(''))

describe('whatever comes, nothing throws', () => {
  it('for random bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2000 }), (bytes) => void exercise(bytes)),
      { numRuns: 2000 },
    )
  })

  it('for headers of random text', () => {
    const aHeader = fc.tuple(
      fc.constantFrom('Via', 'From', 'To', 'CSeq', 'Contact', 'Reason', 'P-Asserted-Identity', 'Privacy', 'l', 'X'),
      aHeaderText,
    )
    const property = fc.property(fc.array(aHeader, { maxLength: 12 }), (headers) => {
      exercise(sip(`OPTIONS sip:a SIP/2.0\n${headers.map(([name, value]) => `${name}: ${value}\n`).join('')}\n`))
    })
    fc.assert(property, { numRuns: 3000 })
  })

  it('for messages with bytes changed, taken out, put in and doubled', () => {
    const anEdit = fc.record({
      at: fc.nat(),
      length: fc.nat(20),
      bytes: fc.oneof(
        fc.uint8Array({ maxLength: 4 }),
        fc.constantFrom(...['\r\n', '\n', '\r', ' ', ':', ',', '"', '<', '>', '\0', '%'].map((text) => sip(text))),
      ),
    })
    const property = fc.property(aMessage, fc.array(anEdit, { minLength: 1, maxLength: 8 }), (message, edits) => {
      let bytes = [...message]
      for (const { at, length, bytes: inserted } of edits) {
        const index = at % bytes.length
        bytes = [...bytes.slice(0, index), ...inserted, ...bytes.slice(index + length)]
        if (bytes.length === 0) bytes = [0]
      }
      exercise(new Uint8Array(bytes))
    })
    fc.assert(property, { numRuns: 3000 })
  })

  it('for messages cut at every byte, none of which passes for whole unless its body has no length', () => {
    for (const bytes of Object.values(CALL)) {
      for (let end = 0; end < bytes.length; end++) expect(exercise(bytes.subarray(0, end))).toBeUndefined()
    }
  })
})

describe('what is printed parses to the same', () => {
  it('for messages', () => {
    const aName = fc.constantFrom('Via', 'Contact', 'Allow', 'Subject', 'X-Thing', 'k', 'WWW-Authenticate')
    const property = fc.property(fc.array(fc.tuple(aName, aHeaderText), { maxLength: 12 }), (headers) => {
      const lines = headers.map(([name, value]) => `${name}: ${value.replace(/[\r\n]/g, '')}\n`).join('')
      const first = parseMessage(sip(`OPTIONS sip:a SIP/2.0\n${lines}\nbody`))
      if (!first.ok) return
      const printed = printMessage(first.value)
      const second = parseMessage(printed)
      if (!second.ok) throw new Error(second.error.detail)
      expect(printMessage(second.value)).toEqual(printed)
      const others = (message: SipMessage) =>
        [...message.headers.entries()].filter(([name]) => name !== 'content-length')
      expect(others(second.value)).toEqual(others(first.value))
    })
    fc.assert(property, { numRuns: 2000 })
  })

  it('for structured headers', () => {
    const property = fc.property(aHeaderText, (text) => {
      for (const stable of STABLE) {
        const [first, second] = stable(text) ?? []
        expect(second).toBe(first)
      }
    })
    fc.assert(property, { numRuns: 20_000 })
  })

  it('for URIs, which equal themselves', () => {
    const property = fc.property(aHeaderText, (text) => {
      const uri = parseUri(`sip:${text}`)
      if (uri.ok) expect(uriEquals(uri.value, uri.value)).toBe(true)
    })
    fc.assert(property, { numRuns: 5000 })
  })
})

it('a stream gives the same for every way of cutting it, whatever is in it', () => {
  const aPart = fc.oneof(aMessage, fc.uint8Array({ maxLength: 40 }), fc.constantFrom(sip('\n'), sip('\n\n')))
  const property = fc.property(fc.array(aPart, { maxLength: 5 }), fc.array(fc.nat(300)), (parts, cuts) => {
    const stream = new Uint8Array(parts.flatMap((part) => [...part]))
    const chunks: Uint8Array[] = []
    let at = 0
    for (const cut of cuts) {
      chunks.push(stream.subarray(at, at + cut))
      at += cut
    }
    chunks.push(stream.subarray(at))
    expect(outputs(chunks)).toEqual(outputs([stream]))
  })
  fc.assert(property, { numRuns: 2000 })
})

function outputs(chunks: readonly Uint8Array[]): unknown[] {
  const framer = new SipStreamFramer(2000)
  const all: unknown[] = []
  for (const chunk of chunks) {
    framer.handle(chunk)
    for (let output = framer.poll(); output !== undefined; output = framer.poll()) {
      // How much had come when the stream broke depends on the cuts; why it broke does not.
      all.push(output.type === 'broken' ? output.error.code : output)
    }
  }
  return all
}

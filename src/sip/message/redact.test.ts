import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { utf8Decode, utf8Encode } from '../../kit/index.ts'
import { parseMessage } from './parse.ts'
import { redactMessage, redactUris } from './redact.ts'

function redacted(text: string): string {
  return utf8Decode(redactMessage(utf8Encode(text)))
}

function withBody(type: string, body: string, more = ''): string {
  return `INFO sip:a@b SIP/2.0\r\n${more}Content-Type: ${type}\r\nContent-Length: ${body.length}\r\n\r\n${body}`
}

const SDP = 'v=0\r\nm=audio 4000 RTP/SAVP 0\r\na=sendonly\r\n'

describe('redactMessage', () => {
  test('of credentials shows who gives them, and nothing that was made of the password', () => {
    const digest =
      'Digest username="alice", realm="ringdown", nonce="84a4", uri="sip:1@x", response="7587245234b3434cc3412213e5f113a5", ' +
      'algorithm=MD5, cnonce="0a4f", opaque="op", qop=auth, nc=00000001'
    for (const name of ['Authorization', 'PROXY-AUTHORIZATION', 'proxy-authorization ']) {
      const shown = redacted(`INVITE sip:1@x SIP/2.0\r\n${name}: ${digest}\r\nCSeq: 2 INVITE\r\n\r\n`)
      expect(shown).toContain('username="alice"')
      expect(shown).toContain('realm="ringdown"')
      expect(shown).toContain('algorithm=MD5')
      expect(shown).toContain('CSeq: 2 INVITE')
      expect(shown).not.toMatch(/7587|84a4|0a4f|"op"/)
    }
  })

  test('of credentials of another scheme, or hidden in folds and quotes, shows nothing', () => {
    expect(redacted('INVITE sip:1@x SIP/2.0\r\nAuthorization: Basic YWxpY2U6c2VjcmV0\r\n\r\n')).not.toContain('YWxp')
    expect(redacted('INVITE sip:1@x SIP/2.0\r\nAuthorization: secret\r\n\r\n')).not.toContain('secret')
    expect(
      redacted('INVITE sip:1@x SIP/2.0\r\nAuthorization: Digest username="a",\r\n response="beef"\r\nX: y\r\n\r\n'),
    ).toMatch(/username="a",x+\r\nX: y/)
    const odd = 'Digest response="username="beef", xusername="cafe", username=dead'
    expect(redacted(`INVITE sip:1@x SIP/2.0\r\nAuthorization: ${odd}\r\n\r\n`)).not.toMatch(/beef|cafe|dead/)
  })

  test('shows a session description without its keys', () => {
    const keys =
      'k=clear:hunter2\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz|2^20\r\n' +
      'a=CRYPTO: 2 AES_256_CM_HMAC_SHA1_80 inline:QUJD\r\na=x inline:REVG\r\na=key-mgmt:mikey AQAF\r\na=ice-pwd:asd88\r\n'
    const shown = redacted(withBody('application/sdp', SDP + keys))
    expect(shown).toContain(SDP)
    expect(shown).toContain('a=crypto:1 AES_CM_128_HMAC_SHA1_80 x')
    expect(shown).not.toMatch(/hunter2|WVNf|QUJD|REVG|AQAF|asd88/)
  })

  test('hides every other body, and what stands behind the end of one', () => {
    for (const type of ['application/dtmf-relay', 'multipart/mixed;boundary=a', 'text/plain', ''])
      expect(redacted(withBody(type, 'Signal=5'))).not.toContain('5')
    expect(redacted(`INFO sip:a@b SIP/2.0\r\n\r\nSignal=5`)).not.toContain('5')
    expect(redacted(withBody('application/sdp', SDP, 'Content-Encoding: gzip\r\n'))).not.toContain('sendonly')
    expect(redacted(withBody('application/sdp', SDP, 'c: text/plain\r\n'))).not.toContain('sendonly')
    expect(redacted(`${withBody('application/sdp', SDP)}Signal=5`)).not.toContain('Signal')
  })

  test('hides passwords in URIs', () => {
    const shown = redacted(
      'INVITE sip:bob:hunter2@x SIP/2.0\r\nTo: <sips:al:pw%20d@x:5061>;x=1\r\nFrom: <sip:1@x:5060>\r\n\r\n',
    )
    expect(shown).not.toMatch(/hunter2|pw%20d/)
    expect(shown).toContain('sip:bob:xxxxxxx@x SIP/2.0')
    expect(shown).toContain('<sip:1@x:5060>')
    expect(redactUris('sip:bob:pw@x')).toBe('sip:bob:xx@x')
    expect(redacted('REFER sip:a@b SIP/2.0\r\nRefer-To: <sip:c@d?Authorization=abc&X=1>\r\n\r\n')).toMatch(/c@dx+&X=1>/)
  })

  test('whatever comes, length and framing stay, and it never throws', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.string({ maxLength: 60 }), (body, value) => {
        const head = utf8Encode(`INFO sip:a@b SIP/2.0\r\nAuthorization: ${value.replace(/[\r\n]/g, '')}\r\n`)
        const tail = utf8Encode(`Content-Length: ${body.length}\r\n\r\n`)
        const bytes = new Uint8Array([...head, ...tail, ...body])
        const copy = redactMessage(bytes)
        expect(copy.length).toBe(bytes.length)
        expect(parseMessage(copy).ok).toBe(parseMessage(bytes).ok)
        expect(redactMessage(body).length).toBe(body.length)
      }),
    )
  })
})

import { describe, expect, it } from 'vitest'
import { createRequest, parseMessage, printMessage, SIP_LIMITS, type SipMessage } from './index.ts'
import { CALL, sip } from './test/samples.ts'

const MINIMAL = `OPTIONS sip:a@b SIP/2.0
Via: SIP/2.0/UDP c;branch=z9hG4bK1
From: <sip:d>;tag=1
To: <sip:a@b>
Call-ID: e
CSeq: 1 OPTIONS
`

function parsed(bytes: Uint8Array): SipMessage {
  const result = parseMessage(bytes)
  if (!result.ok) throw new Error(`${result.error.code}: ${result.error.detail}`)
  return result.value
}

function errorOf(bytes: Uint8Array): { code: string; status: number; isAnswerable: boolean } | undefined {
  const result = parseMessage(bytes)
  if (result.ok) return undefined
  const { code, status, request } = result.error
  return { code, status, isAnswerable: request !== undefined }
}

describe('parseMessage', () => {
  it('reads a request and a response', () => {
    const invite = parsed(CALL.invite)
    expect(invite).toMatchObject({ kind: 'request', method: 'INVITE', uri: 'sip:1234@192.0.2.1:5060;user=phone' })
    expect(invite.headers.all('supported')).toEqual(['replaces', '100rel', 'timer', 'norefersub'])
    expect(new TextDecoder().decode(invite.body)).toMatch(/^v=0\r\n/)
    expect(parsed(CALL.ok)).toMatchObject({ kind: 'response', status: 200, phrase: 'OK' })
  })

  it('skips line breaks before the start line, and calls nothing but line breaks empty', () => {
    expect(parsed(sip(`\n\n${MINIMAL}\n`)).kind).toBe('request')
    for (const bytes of [sip(''), sip('\n\n'), new Uint8Array([10])]) expect(errorOf(bytes)?.code).toBe('empty')
  })

  it('takes bare LF, bare CR inside a value, tabs, and lines of white space', () => {
    const lf = new TextEncoder().encode(`${MINIMAL}Subject\t:\tone\n\ttwo\n \n\nbody`)
    const message = parsed(lf)
    expect(message.headers.get('subject')).toBe('one two')
    expect(new TextDecoder().decode(message.body)).toBe('body')
    const cr = new TextEncoder().encode(`${MINIMAL}Subject: one\rX-Evil: two\r\n\r\n`)
    expect(parsed(cr).headers.get('subject')).toBe('one X-Evil: two')
    expect(parsed(cr).headers.has('x-evil')).toBe(false)
  })

  it('cuts the body at Content-Length, and takes all of the datagram without one', () => {
    expect(parsed(sip(`${MINIMAL}l: 2\n\nabcdef`)).body).toHaveLength(2)
    expect(parsed(sip(`${MINIMAL}\nabcdef`)).body).toHaveLength(6)
    expect(parsed(sip(`${MINIMAL}l: 2\nContent-Length: 2\n\nabc`)).body).toHaveLength(2)
  })

  it('keeps the bytes of a body, and no reference to those it was given', () => {
    const bytes = new Uint8Array([...sip(`${MINIMAL}\n`), 0, 255, 254, 13, 10])
    const message = parsed(bytes)
    bytes.fill(7)
    expect([...message.body]).toEqual([0, 255, 254, 13, 10])
  })

  it.each([
    ['a body that is too short', `${MINIMAL}l: 9\n\nabc`, { code: 'truncated', status: 400, isAnswerable: true }],
    ['no empty line', MINIMAL, { code: 'unterminated', status: 400, isAnswerable: true }],
    ['a header without a colon', `${MINIMAL}nonsense\n\n`, { code: 'header', status: 400, isAnswerable: true }],
    ['a header without a name', `${MINIMAL}: x\n\n`, { code: 'header', status: 400, isAnswerable: true }],
    ['a name with a space in it', `${MINIMAL}a b: x\n\n`, { code: 'header', status: 400, isAnswerable: true }],
    ['a strange length', `${MINIMAL}l: 0x1\n\nabc`, { code: 'contentLength', status: 400, isAnswerable: true }],
    [
      'a later version',
      `${MINIMAL.replace('/2.0\n', '/3.0\n')}\n`,
      { code: 'version', status: 505, isAnswerable: true },
    ],
    ['no URI', `${MINIMAL.replace('sip:a@b ', '')}\n`, { code: 'startLine', status: 400, isAnswerable: true }],
    ['another protocol', 'GET / HTTP/1.1\nHost: x\n\n', { code: 'startLine', status: 400, isAnswerable: false }],
    ['a status of two digits', 'SIP/2.0 99 Low\n\n', { code: 'startLine', status: 400, isAnswerable: false }],
    ['a status of class 7', 'SIP/2.0 700 High\n\n', { code: 'startLine', status: 400, isAnswerable: false }],
    [
      'an ACK, which is never answered',
      `${MINIMAL.replaceAll('OPTIONS', 'ACK')}l: 9\n\n`,
      { code: 'truncated', status: 400, isAnswerable: false },
    ],
    [
      'a request without a way back',
      `${MINIMAL.replace(/Via.*\n/, '')}l: 9\n\n`,
      { code: 'truncated', status: 400, isAnswerable: false },
    ],
  ])('refuses %s', (_, text, error) => {
    expect(errorOf(sip(text))).toEqual(error)
  })

  it('holds to its limits', () => {
    const many = 'X-A: b\n'.repeat(SIP_LIMITS.headerLines)
    expect(errorOf(sip(`${MINIMAL}${many}\n`))?.code).toBe('tooManyHeaders')
    expect(errorOf(sip(`${MINIMAL}\n${'x'.repeat(SIP_LIMITS.messageBytes)}`))?.code).toBe('tooLarge')
  })

  it.each([
    ['commas', `Via: ${','.repeat(60_000)}`],
    ['empty Vias', `Via: ${'a,'.repeat(30_000)}`],
    ['quotes', `Contact: ${'"'.repeat(60_000)}`],
    ['backslashes', `Contact: "${'\\'.repeat(60_000)}`],
    ['brackets', `Contact: ${'<,'.repeat(30_000)}`],
    ['white space', `Subject: ${' '.repeat(60_000)}x`],
    ['folds', `Subject: ${'\n x'.repeat(20_000)}`],
    ['line breaks in one fold', `Subject: x\n ${'\r\r\r'.repeat(20_000)}y`],
    ['no colon', 'x'.repeat(60_000)],
    ['lines without a colon', 'x\n'.repeat(250)],
  ])('takes 60 kB of %s in linear time', (_, line) => {
    const bytes = sip(`${MINIMAL}${line}\n\n`)
    const start = process.cpuUsage()
    for (let i = 0; i < 5; i++) {
      const result = parseMessage(bytes)
      if (result.ok) for (const name of ['via', 'contact', 'subject']) result.value.headers.all(name)
    }
    const { user, system } = process.cpuUsage(start)
    // About 10 ms; something quadratic takes many seconds.
    expect(user + system).toBeLessThan(2_000_000)
  })
})

describe('printMessage', () => {
  it('fills in Content-Length from the body, whatever the headers say', () => {
    const request = createRequest('MESSAGE', 'sip:a@b')
    request.headers.add('Content-Length', '77')
    request.headers.add('Subject', 'größe')
    request.body = new Uint8Array([1, 2, 3])
    const printed = new TextDecoder().decode(printMessage(request))
    expect(printed).toBe('MESSAGE sip:a@b SIP/2.0\r\nSubject: größe\r\nContent-Length: 3\r\n\r\n\x01\x02\x03')
  })

  it('keeps the start line one line', () => {
    const request = createRequest('OPTIONS', 'sip:a@b SIP/2.0\r\nX-Evil: 1')
    expect(new TextDecoder().decode(printMessage(request)).split('\r\n')[1]).toBe('Content-Length: 0')
  })

  it('prints what was parsed', () => {
    for (const bytes of Object.values(CALL)) expect(printMessage(parsed(printMessage(parsed(bytes))))).toEqual(bytes)
  })
})

import { describe, expect, test } from 'vitest'
import { utf8Encode } from '../../kit/index.ts'
import { describeSip, looksLikeSip } from './sip-label.ts'

function message(first: string, ...headers: string[]): Uint8Array {
  return utf8Encode([first, ...headers, 'Call-ID: 1', '', ''].join('\r\n'))
}

const INVITE = message('INVITE sip:bob@10.0.0.2;user=phone SIP/2.0', 'Via: SIP/2.0/UDP h;branch=z1', 'CSeq: 1 INVITE')

describe('labels', () => {
  test('name the body, and read compact headers', () => {
    const bytes = utf8Encode('SIP/2.0 200 OK\r\nCSeq: 7 INVITE\r\nc: application/sdp\r\n\r\nv=0\r\n')
    expect(describeSip(bytes).label).toBe('200 OK (7 INVITE) +sdp')
  })

  test('a message and its retransmission have one identity, another branch another', () => {
    const other = message(
      'INVITE sip:bob@10.0.0.2;user=phone SIP/2.0',
      'Via: SIP/2.0/UDP h;branch=z2',
      'CSeq: 1 INVITE',
    )
    expect(describeSip(INVITE).identity).toBe(describeSip(INVITE.slice()).identity)
    expect(describeSip(INVITE).identity).not.toBe(describeSip(other).identity)
  })

  test('SIP is told from RTP by its first byte', () => {
    expect(looksLikeSip(INVITE)).toBe(true)
    expect(looksLikeSip(Uint8Array.of(0x80, 0x60))).toBe(false)
    expect(looksLikeSip(new Uint8Array(0))).toBe(false)
  })

  test('what is no SIP at all is still described', () => {
    expect(describeSip(utf8Encode('GET')).label).toContain('GET')
  })
})

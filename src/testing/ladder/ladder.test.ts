import { describe, expect, test } from 'vitest'
import { utf8Encode } from '../../kit/index.ts'
import type { NetworkOutput } from '../network/port.ts'
import { Ladder } from './ladder.ts'

const A = { address: '10.0.0.1', port: 5060 }
const B = { address: '10.0.0.2', port: 5060 }

function message(first: string, ...headers: string[]): Uint8Array {
  return utf8Encode([first, ...headers, 'Call-ID: 1', '', ''].join('\r\n'))
}

const INVITE = message('INVITE sip:bob@10.0.0.2;user=phone SIP/2.0', 'Via: SIP/2.0/UDP h;branch=z1', 'CSeq: 1 INVITE')
const RINGING = message('SIP/2.0 180 Ringing', 'v: SIP/2.0/UDP h;branch=z1', 'CSeq: 1 INVITE')

let packets = 0
function sent(from: typeof A, to: typeof A, bytes: Uint8Array, drop?: 'lost'): NetworkOutput {
  return { type: 'sent', packet: ++packets, from, to, bytes, ...(drop !== undefined && { drop }) }
}

describe('Ladder', () => {
  test('draws messages with times, CSeq, retransmissions and losses', () => {
    const ladder = new Ladder()
    ladder.name(A.address, 'exchange')
    ladder.name(B.address, 'bob')
    ladder.observe(sent(A, B, INVITE, 'lost'), 0)
    ladder.observe(sent(A, B, INVITE), 500)
    ladder.observe(sent(B, A, RINGING), 501)
    ladder.observe(sent(B, A, RINGING, 'lost'), 502.25)
    ladder.note('the application hangs up', 600)
    expect(ladder.toString().split('\n')).toEqual([
      '             exchange                                bob',
      '       0.000 |------ INVITE bob@10.0.0.2 (1) -----x  |  lost',
      '     500.000 |------ INVITE bob@10.0.0.2 (1) ------->|  retransmission 1',
      '     501.000 |<------- 180 Ringing (1 INVITE) -------|',
      '     502.250 |  x----- 180 Ringing (1 INVITE) -------|  retransmission 1, lost',
      '     600.000 | * the application hangs up            |',
    ])
  })

  test('a packet that is dropped later is marked then', () => {
    const ladder = new Ladder()
    const output = sent(A, B, INVITE)
    ladder.observe(output, 0)
    ladder.observe({ type: 'dropped', packet: (output as { packet: number }).packet, reason: 'unreachable' }, 5)
    expect(ladder.toString()).toContain('port unreachable')
  })

  test('an RTP stream is one row until it pauses for more than a second', () => {
    const ladder = new Ladder()
    const packet = Uint8Array.of(0x80, 0, 0, 1)
    for (let i = 0; i < 50; i++) ladder.observe(sent(A, B, packet), i * 20)
    for (let i = 0; i < 5; i++) ladder.observe(sent(A, B, packet), 5000 + i * 20)
    const rows = ladder.toString().split('\n').slice(1)
    expect(rows).toHaveLength(2)
    expect(rows[0]).toContain('50 packets until 980 ms')
    expect(rows[1]).toContain('5 packets until 5080 ms')
  })

  test('keeps the latest rows and says how many it left out', () => {
    const ladder = new Ladder(3)
    for (let i = 0; i < 10; i++) ladder.note(`remark ${i}`, i)
    const text = ladder.toString()
    expect(text).toContain('7 earlier rows left out')
    expect(text).not.toContain('remark 6')
    expect(text).toContain('remark 7')
  })

  test('an arrow may span columns; many hosts become a list', () => {
    const ladder = new Ladder()
    const C = { address: '10.0.0.3', port: 5060 }
    ladder.observe(sent(A, B, INVITE), 0)
    ladder.observe(sent(B, C, INVITE), 1)
    ladder.observe(sent(A, C, INVITE), 2)
    const widths = ladder
      .toString()
      .split('\n')
      .map((line) => line.indexOf('>'))
    expect(widths).toEqual([-1, 52, 92, 92])
    for (let i = 4; i < 8; i++) ladder.observe(sent(A, { address: `10.0.0.${i}`, port: 5060 }, INVITE), i)
    expect(ladder.toString()).toContain('10.0.0.1 --> 10.0.0.7: INVITE bob@10.0.0.2 (1)')
  })

  test('an empty ladder says so', () => {
    expect(new Ladder().toString()).toBe('(no message was sent)')
  })
})

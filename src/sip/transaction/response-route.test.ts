import { describe, expect, it } from 'vitest'
import type { Peer } from '../endpoint/control.ts'
import { topVia } from '../message/index.ts'
import { noteSource, replyTarget } from './response-route.ts'
import { phoneRequest, TCP } from './test/support.ts'

const NAT: Peer = { transport: 'udp', address: '198.51.100.9', port: 1024 }
const HOME: Peer = { transport: 'udp', address: '192.0.2.1', port: 5060 }
const V6: Peer = { transport: 'udp', address: '2001:db8::7', port: 5060 }

interface Case {
  readonly name: string
  readonly via: string
  readonly from: Peer
  /** The parameters of the Via after its source was noted. */
  readonly noted: string
  readonly to: string
}

const CASES: Case[] = [
  {
    name: 'what the Via says is true: nothing to note',
    via: '192.0.2.1:5060;branch=z9hG4bK1',
    from: HOME,
    noted: '192.0.2.1:5060;branch=z9hG4bK1',
    to: '192.0.2.1:5060',
  },
  {
    name: 'without rport the reply goes to the source address at the port of the Via',
    via: '10.0.0.5:5070;branch=z9hG4bK1',
    from: NAT,
    noted: '10.0.0.5:5070;branch=z9hG4bK1;received=198.51.100.9',
    to: '198.51.100.9:5070',
  },
  {
    name: 'no port in the Via means 5060',
    via: 'phone.example;branch=z9hG4bK1',
    from: NAT,
    noted: 'phone.example;branch=z9hG4bK1;received=198.51.100.9',
    to: '198.51.100.9:5060',
  },
  {
    name: 'with rport the reply goes exactly where the request came from (RFC 3581)',
    via: '10.0.0.5:5070;rport;branch=z9hG4bK1',
    from: NAT,
    noted: '10.0.0.5:5070;rport=1024;branch=z9hG4bK1;received=198.51.100.9',
    to: '198.51.100.9:1024',
  },
  {
    name: 'rport notes the address even when it is the one in the Via',
    via: '192.0.2.1;rport;branch=z9hG4bK1',
    from: HOME,
    noted: '192.0.2.1;rport=5060;branch=z9hG4bK1;received=192.0.2.1',
    to: '192.0.2.1:5060',
  },
  {
    name: 'what the client claims about itself is overwritten',
    via: '192.0.2.1;received=203.0.113.66;rport=99;branch=z9hG4bK1',
    from: NAT,
    noted: '192.0.2.1;received=198.51.100.9;rport=1024;branch=z9hG4bK1',
    to: '198.51.100.9:1024',
  },
  {
    name: 'maddr wins when it is an address',
    via: '192.0.2.1:5070;maddr=203.0.113.5;branch=z9hG4bK1',
    from: HOME,
    noted: '192.0.2.1:5070;maddr=203.0.113.5;branch=z9hG4bK1',
    to: '203.0.113.5:5070',
  },
  {
    name: 'maddr that is a name is not looked up',
    via: '192.0.2.1:5070;maddr=victim.example;branch=z9hG4bK1',
    from: HOME,
    noted: '192.0.2.1:5070;maddr=victim.example;branch=z9hG4bK1',
    to: '192.0.2.1:5070',
  },
  {
    name: 'an IPv6 reference is compared without its brackets',
    via: '[2001:db8::7]:5060;branch=z9hG4bK1',
    from: V6,
    noted: '[2001:db8::7]:5060;branch=z9hG4bK1',
    to: '2001:db8::7:5060',
  },
  {
    name: 'an IPv6 source is noted bare',
    via: 'phone.example;rport;branch=z9hG4bK1',
    from: V6,
    noted: 'phone.example;rport=5060;branch=z9hG4bK1;received=2001:db8::7',
    to: '2001:db8::7:5060',
  },
]

describe('the source and the way back', () => {
  it.each(CASES)('$name', ({ via, from, noted, to }) => {
    const request = phoneRequest('OPTIONS', { via: `SIP/2.0/UDP ${via}` })
    const top = topVia(request)
    if (top === undefined) throw new Error('unreadable Via')
    noteSource(request, top, from)
    const target = replyTarget(top, from)
    expect(request.headers.get('via')).toBe(`SIP/2.0/UDP ${noted}`)
    expect(`${target.address}:${target.port}`).toBe(to)
    expect(target.transport).toBe('udp')
  })

  it('goes back on the connection of a stream; the port is for when that is gone', () => {
    const request = phoneRequest('OPTIONS', { via: 'SIP/2.0/TCP 10.0.0.5:5060;maddr=203.0.113.5;branch=z9hG4bK1' })
    const top = topVia(request)
    if (top === undefined) throw new Error('unreadable Via')
    expect(replyTarget(top, TCP)).toEqual({ ...TCP, port: 5060 })
  })

  it('changes the topmost Via only', () => {
    const request = phoneRequest('OPTIONS')
    const below = 'SIP/2.0/UDP 10.0.0.9;branch=z9hG4bKbelow'
    request.headers.set('via', ['SIP/2.0/UDP proxy.example;branch=z9hG4bKtop;rport', below])
    const top = topVia(request)
    if (top === undefined) throw new Error('unreadable Via')
    noteSource(request, top, NAT)
    expect(request.headers.all('via')).toEqual([
      'SIP/2.0/UDP proxy.example;branch=z9hG4bKtop;rport=1024;received=198.51.100.9',
      below,
    ])
  })
})

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { utf8Decode, utf8Encode } from '../../kit/index.ts'
import { type Direction, meet } from './direction.ts'
import { acceptAnswer, answerOffer, createOffer, type LocalMedia, type NegotiatedStream } from './offer-answer.ts'

const local: LocalMedia = {
  sessionId: 7,
  sessionVersion: 1,
  address: '192.0.2.1',
  port: 4000,
  codecs: ['PCMU', 'PCMA'],
  telephoneEvent: true,
  ptimeMs: 20,
  direction: 'sendrecv',
}

/** A description of the far end: lines, joined as SDP wants them. */
function sdp(...lines: string[]): Uint8Array {
  return utf8Encode(`${['v=0', 'o=- 1 1 IN IP4 198.51.100.7', 's=-', ...lines].join('\r\n')}\r\n`)
}

function answered(...lines: string[]): { stream: NegotiatedStream; text: string } {
  const result = answerOffer(sdp(...lines), local)
  if (!result.ok) throw new Error(result.error)
  return { stream: result.value.stream, text: utf8Decode(result.value.answer) }
}

function refusal(...lines: string[]): string {
  const result = answerOffer(sdp(...lines), local)
  return result.ok ? 'accepted' : result.error
}

const C = 'c=IN IP4 198.51.100.7'
const T = 't=0 0'

describe('an offer', () => {
  it('is printed in the order of RFC 8866, codecs by preference', () => {
    expect(utf8Decode(createOffer({ ...local, codecs: ['PCMA', 'PCMU'] })).split('\r\n')).toEqual([
      'v=0',
      'o=ringdown 7 1 IN IP4 192.0.2.1',
      's=-',
      'c=IN IP4 192.0.2.1',
      't=0 0',
      'm=audio 4000 RTP/AVP 8 0 101',
      'a=rtpmap:8 PCMA/8000',
      'a=rtpmap:0 PCMU/8000',
      'a=rtpmap:101 telephone-event/8000',
      'a=fmtp:101 0-15',
      'a=ptime:20',
      'a=sendrecv',
      'a=rtcp-mux',
      '',
    ])
  })

  it('names the IPv6 family', () => {
    expect(utf8Decode(createOffer({ ...local, address: '2001:db8::1' }))).toContain('c=IN IP6 2001:db8::1\r\n')
  })

  it('meets its answer', () => {
    const answer = answerOffer(createOffer(local), { ...local, address: '198.51.100.7', port: 6000, codecs: ['PCMA'] })
    if (!answer.ok) throw new Error(answer.error)
    expect(answer.value.stream).toMatchObject({ remoteAddress: '192.0.2.1', remotePort: 4000, codec: 'PCMA' })
    const accepted = acceptAnswer(local, answer.value.answer)
    if (!accepted.ok) throw new Error(accepted.error)
    expect(accepted.value.stream).toEqual({
      remoteAddress: '198.51.100.7',
      remotePort: 6000,
      codec: 'PCMA',
      payloadType: 8,
      telephoneEventPayloadType: 101,
      ptimeMs: 20,
      direction: 'sendrecv',
      rtcpMux: true,
    })
  })
})

describe('the answer to an offer', () => {
  it('takes the first codec of the offer that we have, and nothing else', () => {
    const { stream, text } = answered(C, T, 'm=audio 5000 RTP/AVP 9 8 0 3')
    expect(stream).toMatchObject({ codec: 'PCMA', payloadType: 8 })
    expect(text).toContain('m=audio 4000 RTP/AVP 8\r\n')
  })

  it('uses the dynamic payload types of the offer', () => {
    const { stream, text } = answered(
      C,
      T,
      'm=audio 5000 RTP/AVP 97 99',
      'a=rtpmap:97 pcmu/8000/1',
      'a=rtpmap:99 Telephone-Event/8000',
    )
    expect(stream).toMatchObject({ codec: 'PCMU', payloadType: 97, telephoneEventPayloadType: 99 })
    expect(text).toContain('m=audio 4000 RTP/AVP 97 99\r\n')
    expect(text).toContain('a=rtpmap:97 PCMU/8000\r\n')
    expect(text).toContain('a=fmtp:99 0-15\r\n')
  })

  it('believes an rtpmap over the static meaning of a payload type', () => {
    expect(refusal(C, T, 'm=audio 5000 RTP/AVP 0', 'a=rtpmap:0 opus/48000/2')).toBe('no common codec')
  })

  it('lets RTCP share the port of RTP only where the offer does', () => {
    const muxed = answered(C, T, 'm=audio 5000 RTP/AVP 0', 'a=rtcp-mux')
    expect([muxed.stream.rtcpMux, muxed.text.includes('a=rtcp-mux\r\n')]).toEqual([true, true])
    const apart = answered(C, T, 'm=audio 5000 RTP/AVP 0')
    expect([apart.stream.rtcpMux, apart.text.includes('a=rtcp-mux')]).toEqual([false, false])
  })

  it.each([
    ['nothing', [], 5000, { address: '198.51.100.7', port: 5001 }],
    ['another port', ['a=rtcp:53020'], 5000, { address: '198.51.100.7', port: 53_020 }],
    ['an address', ['a=rtcp:53020 IN IP4 126.16.64.4'], 5000, { address: '126.16.64.4', port: 53_020 }],
    ['an IPv6 address', ['a=rtcp:7 IN IP6 2001:DB8::1'], 5000, { address: '2001:DB8::1', port: 7 }],
    ['the first of two', ['a=rtcp:7', 'a=rtcp:8'], 5000, { address: '198.51.100.7', port: 7 }],
    ['a name, which is looked up by nobody', ['a=rtcp:7 IN IP4 evil.test'], 5000, { address: '198.51.100.7', port: 7 }],
    ['a multicast address', ['a=rtcp:7 IN IP4 224.0.0.1'], 5000, { address: '198.51.100.7', port: 7 }],
    ['no port', ['a=rtcp:0'], 5000, undefined],
    ['a port that is none', ['a=rtcp:65536'], 5000, { address: '198.51.100.7', port: 5001 }],
    ['nonsense', ['a=rtcp:x'], 5000, { address: '198.51.100.7', port: 5001 }],
    ['nothing, and has the last port', [], 65_535, undefined],
    ['that it shares the port', ['a=rtcp:53020', 'a=rtcp-mux'], 5000, undefined],
  ])('finds the port of RTCP where the far end states %s', (_, attributes, port, rtcp) => {
    const { stream, text } = answered(C, T, `m=audio ${port} RTP/AVP 0`, ...attributes)
    expect(stream.rtcp).toEqual(rtcp)
    // Ours is the port above that of RTP, which need not be said.
    expect(text).not.toContain('a=rtcp:')
  })

  it('takes no telephone-event of another clock', () => {
    const { stream } = answered(C, T, 'm=audio 5000 RTP/AVP 0 101', 'a=rtpmap:101 telephone-event/48000')
    expect(stream.telephoneEventPayloadType).toBeUndefined()
  })

  it('agrees to no telephone-event when we want none', () => {
    const offer = sdp(C, T, 'm=audio 5000 RTP/AVP 0 101', 'a=rtpmap:101 telephone-event/8000')
    const result = answerOffer(offer, { ...local, telephoneEvent: false })
    expect(result.ok && result.value.stream.telephoneEventPayloadType).toBeUndefined()
    expect(result.ok && utf8Decode(result.value.answer)).toContain('m=audio 4000 RTP/AVP 0\r\n')
  })

  it('refuses further media lines in their place with port 0', () => {
    const { text } = answered(
      C,
      'm=video 5002 RTP/AVP 31 32',
      'm=audio 0 RTP/AVP 0',
      'm=audio 5000 RTP/AVP 0',
      'm=audio 5004 RTP/AVP 0',
      'm=application 9 UDP/DTLS/SCTP webrtc-datachannel',
    )
    expect(text.match(/^m=.*/gm)).toEqual([
      'm=video 0 RTP/AVP 31 32',
      'm=audio 0 RTP/AVP 0',
      'm=audio 4000 RTP/AVP 0',
      'm=audio 0 RTP/AVP 0',
      'm=application 0 UDP/DTLS/SCTP webrtc-datachannel',
    ])
  })

  it('repeats the times and the protocol of the offer', () => {
    const { text } = answered(C, 't=2873397496 2873404696', 'm=audio 5000 RTP/AVPF 0')
    expect(text).toContain('t=2873397496 2873404696\r\n')
    expect(text).toContain('m=audio 4000 RTP/AVPF 0\r\n')
  })

  it('takes the address of the media line before that of the session', () => {
    expect(answered(C, T, 'm=audio 5000 RTP/AVP 0', 'c=IN IP4 203.0.113.9').stream.remoteAddress).toBe('203.0.113.9')
    expect(answered(T, 'm=audio 5000 RTP/AVP 0', 'c=IN IP6 2001:db8::9').stream.remoteAddress).toBe('2001:db8::9')
  })

  it.each<[theirs: Direction, ours: Direction, stated: Direction]>([
    ['sendrecv', 'sendrecv', 'sendrecv'],
    ['sendonly', 'sendrecv', 'recvonly'],
    ['recvonly', 'sendrecv', 'sendonly'],
    ['inactive', 'sendrecv', 'inactive'],
    ['sendonly', 'sendonly', 'inactive'],
    ['sendrecv', 'recvonly', 'recvonly'],
  ])('mirrors %s, when we want %s, as %s', (theirs, ours, stated) => {
    const result = answerOffer(sdp(C, T, 'm=audio 5000 RTP/AVP 0', `a=${theirs}`), { ...local, direction: ours })
    expect(result.ok && result.value.stream.direction).toBe(stated)
    expect(result.ok && utf8Decode(result.value.answer)).toContain(`a=${stated}\r\n`)
  })

  it('understands a direction for the whole session, and one of the line before it', () => {
    expect(answered(C, T, 'a=sendonly', 'm=audio 5000 RTP/AVP 0').stream.direction).toBe('recvonly')
    expect(answered(C, T, 'a=sendonly', 'm=audio 5000 RTP/AVP 0', 'a=inactive').stream.direction).toBe('inactive')
  })

  it.each(['IN IP4 0.0.0.0', 'IN IP6 ::'])('takes c=%s as hold (RFC 3264 section 8.4)', (address) => {
    expect(answered(`c=${address}`, T, 'm=audio 5000 RTP/AVP 0').stream.direction).toBe('recvonly')
  })

  it.each([
    [['a=ptime:30'], 30],
    [[], 20],
    [['a=ptime:25'], 20],
    [['a=ptime:60', 'a=maxptime:40'], 40],
    [['a=ptime:0'], 20],
  ])('sends packets as long as the far end wants: %j', (attributes, ptimeMs) => {
    expect(answered(C, T, 'm=audio 5000 RTP/AVP 0', ...attributes).stream.ptimeMs).toBe(ptimeMs)
  })

  it.each([
    [['m=audio 5000 RTP/AVP 0'], 'no usable connection address'],
    [['c=IN IP4 media.example.com', 'm=audio 5000 RTP/AVP 0'], 'no usable connection address'],
    [['c=IN IP4 224.2.1.1/127', 'm=audio 5000 RTP/AVP 0'], 'no usable connection address'],
    [['c=IN IP4 1.2.3.256', 'm=audio 5000 RTP/AVP 0'], 'no usable connection address'],
    [[C, 'm=audio 5000 RTP/AVP 9 18'], 'no common codec'],
    [[C, 'm=audio 5000 RTP/SAVP 0'], 'no audio over RTP/AVP'],
    [[C, 'm=audio 5000/2 RTP/AVP 0'], 'no audio over RTP/AVP'],
    [[C, 'm=audio 70000 RTP/AVP 0'], 'no audio over RTP/AVP'],
    [[C, 'm=image 5000 udptl t38'], 'no audio over RTP/AVP'],
    [[C, 'm=audio'], 'malformed media line 1'],
    [[C, T], 'no media line'],
    [[C, ...Array.from({ length: 33 }, () => 'm=audio 5000 RTP/AVP 0')], 'more than 32 media lines'],
  ])('is a refusal where there is no common ground: %j', (lines, reason) => {
    expect(refusal(...lines)).toBe(reason)
  })
})

describe('hostile descriptions', () => {
  it.each([
    ['', 'no media line'],
    ['m=audio 1 RTP/AVP 0\r\n', 'no v=0 line'],
    ['v=1\r\nm=audio 1 RTP/AVP 0\r\n', 'no v=0 line'],
    ['INVITE sip:bob@example.com SIP/2.0', 'no media line'],
  ])('%j is refused', (text, reason) => {
    expect(acceptAnswer(local, utf8Encode(text))).toEqual({ ok: false, error: reason })
  })

  it('are refused unread beyond 16 KiB', () => {
    const offer = sdp(C, T, 'm=audio 5000 RTP/AVP 0', `a=x:${'y'.repeat(17_000)}`)
    const result = answerOffer(offer, local)
    expect(result.ok ? '' : result.error).toMatch(/at most 16384/)
  })

  it('never make the parser throw, and what it accepts makes an answer that the offerer accepts', () => {
    const base = utf8Decode(createOffer(local))
    const line = fc.constantFrom(
      ...base.split('\r\n'),
      'm=audio 1 RTP/AVP 8',
      'c=IN IP4 0.0.0.0',
      'a=rtpmap:8',
      'v=0',
      'a=__proto__:1',
    )
    const mutated = fc.oneof(
      fc.array(line, { maxLength: 30 }).map((lines) => lines.join('\r\n')),
      fc
        .tuple(fc.nat(base.length), fc.nat(20), fc.string())
        .map(([at, cut, put]) => base.slice(0, at) + put + base.slice(at + cut)),
    )
    fc.assert(
      fc.property(mutated, (text) => {
        const result = answerOffer(utf8Encode(text), local)
        if (!result.ok) return
        expect(result.value.stream.remotePort).toBeGreaterThan(0)
        expect(acceptAnswer(local, result.value.answer).ok).toBe(true)
      }),
      { numRuns: 2000 },
    )
  })
})

describe('directions', () => {
  it('meet symmetrically: what we send is what they receive', () => {
    const all: Direction[] = ['sendrecv', 'sendonly', 'recvonly', 'inactive']
    const mirrored = { sendrecv: 'sendrecv', sendonly: 'recvonly', recvonly: 'sendonly', inactive: 'inactive' } as const
    for (const ours of all) for (const theirs of all) expect(meet(ours, theirs)).toBe(mirrored[meet(theirs, ours)])
  })
})

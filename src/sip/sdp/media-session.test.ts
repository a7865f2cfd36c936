import { describe, expect, it } from 'vitest'
import { seededRandom, utf8Decode, utf8Encode } from '../../kit/index.ts'
import { MediaSession, type SessionMedia } from './media-session.ts'

const media: SessionMedia = {
  address: '192.0.2.1',
  port: 4000,
  codecs: ['PCMU', 'PCMA'],
  telephoneEvent: true,
  ptimeMs: 20,
  direction: 'sendrecv',
}

const line = (bytes: Uint8Array, start: string): string | undefined =>
  utf8Decode(bytes)
    .split('\r\n')
    .find((text) => text.startsWith(start))

const origin = (bytes: Uint8Array): string | undefined => line(bytes, 'o=')?.split(' ', 3).join(' ')

describe('MediaSession', () => {
  it('keeps the version of an unchanged description and raises that of a changed one', () => {
    const session = new MediaSession(9, seededRandom(9))
    expect(origin(session.offer(media))).toBe('o=ringdown 9 1')
    expect(origin(session.offer(media))).toBe('o=ringdown 9 1')
    expect(origin(session.offer({ ...media, direction: 'sendonly' }))).toBe('o=ringdown 9 2')
    expect(origin(session.offer({ ...media, direction: 'sendonly' }))).toBe('o=ringdown 9 2')
  })

  it('offers again what stands, also after an offer that was refused', () => {
    const [us, them] = [new MediaSession(1, seededRandom(1)), new MediaSession(2, seededRandom(2))]
    expect(us.restate()).toBeUndefined()
    const first = us.offer(media)
    const answered = them.answer(first, { ...media, codecs: ['PCMA'] })
    expect(answered.ok && us.accept(answered.value.answer).ok).toBe(true)
    expect(us.restate()).toEqual(first)
    us.offer({ ...media, direction: 'sendonly' })
    const again = us.restate() as Uint8Array
    expect(origin(again)).toBe('o=ringdown 1 3')
    expect(line(again, 'a=send')).toBe('a=sendrecv')
    // Who has answered offers what its answer said.
    const theirs = them.restate() as Uint8Array
    expect(origin(theirs)).toBe('o=ringdown 2 1')
    expect(line(theirs, 'm=')).toBe('m=audio 4000 RTP/AVP 8 101')
    expect(us.answer(theirs, media).ok).toBe(true)
  })

  it('raises the version of an answer that differs because the offer does', () => {
    const [us, them] = [new MediaSession(1, seededRandom(1)), new MediaSession(2, seededRandom(2))]
    const answerTo = (direction: 'sendrecv' | 'sendonly') => {
      const answer = us.answer(them.offer({ ...media, direction }), media)
      if (!answer.ok) throw new Error(answer.error)
      return answer.value
    }
    expect(origin(answerTo('sendrecv').answer)).toBe('o=ringdown 1 1')
    expect(origin(answerTo('sendrecv').answer)).toBe('o=ringdown 1 1')
    const held = answerTo('sendonly')
    expect(origin(held.answer)).toBe('o=ringdown 1 2')
    expect(held.stream.direction).toBe('recvonly')
  })

  it('lets the stream be taken away and brought back (RFC 3264 section 8.2)', () => {
    const [us, them] = [new MediaSession(1, seededRandom(1)), new MediaSession(2, seededRandom(2))]
    const first = us.answer(them.offer(media), media)
    expect(first.ok && first.value.stream.direction).toBe('sendrecv')
    const removal = them.offer({ ...media, port: 0 })
    for (const _ of ['taken away', 'and again']) {
      const removed = us.answer(removal, media)
      if (!removed.ok) throw new Error(removed.error)
      expect(line(removed.value.answer, 'm=')).toBe('m=audio 0 RTP/AVP 0 8 101')
      expect(origin(removed.value.answer)).toBe('o=ringdown 1 2')
      expect(removed.value.stream).toMatchObject({ direction: 'inactive', rtcpMux: false, remotePort: media.port })
      expect(removed.value.stream.rtcp).toBeUndefined()
    }
    // A refresh of ours does not bring it back; an offer of theirs does.
    expect(line(us.restate() as Uint8Array, 'm=')).toMatch(/^m=audio 0 /)
    const again = us.answer(them.offer({ ...media, port: 4002 }), media)
    expect(again.ok && again.value.stream).toMatchObject({ direction: 'sendrecv', remotePort: 4002, rtcpMux: true })
  })

  it('does not let the stream go for another one that we cannot take, nor before there is any', () => {
    const us = new MediaSession(1, seededRandom(1))
    const fax = 'm=audio 0 RTP/AVP 0\r\nm=image 5000 udptl t38\r\n'
    const nothing = 'm=audio 0 RTP/AVP 0\r\n'
    const offer = (lines: string) =>
      utf8Encode(`v=0\r\no=- 1 1 IN IP4 198.51.100.7\r\ns=-\r\nc=IN IP4 198.51.100.7\r\nt=0 0\r\n${lines}`)
    expect(us.answer(offer(nothing), media).ok).toBe(false)
    expect(us.answer(new MediaSession(2, seededRandom(2)).offer(media), media).ok).toBe(true)
    expect(us.answer(offer(fax), media).ok).toBe(false)
    expect(us.answer(offer(nothing), media).ok).toBe(true)
  })

  it('keeps every media line in its place in later offers, and the payload type that the far end chose', () => {
    const session = new MediaSession(1, seededRandom(1))
    const offer = utf8Encode(
      'v=0\r\no=- 1 1 IN IP4 198.51.100.7\r\ns=-\r\nc=IN IP4 198.51.100.7\r\nt=0 0\r\nm=video 9 RTP/AVP 96\r\n' +
        'm=audio 5000 RTP/AVPF 0 96\r\na=rtpmap:96 telephone-event/8000\r\n',
    )
    expect(session.answer(offer, media).ok).toBe(true)
    const next = utf8Decode(session.offer({ ...media, direction: 'sendonly' }))
    expect(next.match(/^m=.*/gm)).toEqual(['m=video 0 RTP/AVP 96', 'm=audio 4000 RTP/AVPF 0 8 96'])
  })

  it('refuses an answer that was not asked for, and one without common ground', () => {
    const session = new MediaSession(1, seededRandom(1))
    expect(session.accept(session.offer(media)).ok).toBe(true)
    expect(new MediaSession(2, seededRandom(2)).accept(utf8Encode('v=0'))).toEqual({
      ok: false,
      error: 'an answer without an offer',
    })
    expect(session.accept(utf8Encode('v=0\r\nc=IN IP4 1.2.3.4\r\nm=audio 0 RTP/AVP 0\r\n')).ok).toBe(false)
  })
})

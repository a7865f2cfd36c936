import { describe, expect, it } from 'vitest'
import { seededRandom, utf8Decode, utf8Encode } from '../../kit/index.ts'
import { MediaSession, type SessionMedia } from './media-session.ts'
import { opusWishes } from './opus.ts'

const media: SessionMedia = {
  address: '192.0.2.1',
  port: 4000,
  codecs: ['OPUS', 'PCMU'],
  telephoneEvent: true,
  ptimeMs: 20,
  direction: 'sendrecv',
}

const session = (): MediaSession => new MediaSession(1, seededRandom(1))

function sdp(formats: string, ...lines: string[]): Uint8Array {
  const head = ['v=0', 'o=- 1 1 IN IP4 198.51.100.7', 's=-', 'c=IN IP4 198.51.100.7', 't=0 0']
  return utf8Encode(`${[...head, `m=audio 5000 RTP/AVP ${formats}`, ...lines].join('\r\n')}\r\n`)
}

function answered(offer: Uint8Array, local: SessionMedia = media) {
  const result = session().answer(offer, local)
  if (!result.ok) throw new Error(result.error)
  return { stream: result.value.stream, text: utf8Decode(result.value.answer) }
}

describe('Opus in offer and answer (RFC 7587)', () => {
  it('is offered as 48 kHz stereo whatever it carries, with telephone-event for either clock', () => {
    const text = utf8Decode(session().offer(media))
    expect(text).toContain('m=audio 4000 RTP/AVP 111 0 103 101\r\n')
    expect(text).toContain('a=rtpmap:111 opus/48000/2\r\n')
    expect(text).toMatch(/a=fmtp:111 .*maxplaybackrate=16000.*stereo=0.*useinbandfec=1/)
    expect(text).toContain('a=rtpmap:103 telephone-event/48000\r\na=fmtp:103 0-15\r\n')
    expect(text).toContain('a=rtpmap:101 telephone-event/8000\r\n')
  })

  it('is answered under the payload type of the offer, with the telephone-event of its clock', () => {
    const { stream, text } = answered(
      sdp(
        '96 97 98',
        'a=rtpmap:96 opus/48000/2',
        'a=fmtp:96 maxaveragebitrate=20000; useinbandfec=1;usedtx=1',
        'a=rtpmap:97 telephone-event/8000',
        'a=rtpmap:98 telephone-event/48000',
      ),
    )
    expect(stream).toMatchObject({
      codec: 'OPUS',
      payloadType: 96,
      telephoneEventPayloadType: 98,
      opus: { maxAverageBitrate: 20_000, useInbandFec: true, useDtx: true },
    })
    expect(stream.telephoneEventClockRateHz).toBeUndefined()
    expect(text).toContain('m=audio 4000 RTP/AVP 96 98\r\na=rtpmap:96 opus/48000/2\r\n')
    expect(text).toContain('a=rtpmap:98 telephone-event/48000\r\n')
  })

  it('makes do with a telephone-event of 8 kHz', () => {
    const { stream, text } = answered(sdp('96 101', 'a=rtpmap:96 opus/48000/2', 'a=rtpmap:101 telephone-event/8000'))
    expect(stream).toMatchObject({ telephoneEventPayloadType: 101, telephoneEventClockRateHz: 8000, opus: {} })
    expect(text).toContain('a=rtpmap:101 telephone-event/8000\r\n')
  })

  it('is not taken in any other form, nor where we have none', () => {
    const mono = sdp('96', 'a=rtpmap:96 opus/48000')
    const wanted = sdp('96', 'a=rtpmap:96 opus/48000/2')
    expect(session().answer(mono, media).ok).toBe(false)
    expect(session().answer(wanted, { ...media, codecs: ['PCMU'] }).ok).toBe(false)
  })

  it('keeps the payload types of the session in later offers, and gives them to nothing else', () => {
    const us = session()
    const offer = sdp('101 102', 'a=rtpmap:101 opus/48000/2', 'a=rtpmap:102 telephone-event/48000')
    expect(us.answer(offer, media).ok).toBe(true)
    const text = utf8Decode(us.offer(media))
    expect(text).toContain('m=audio 4000 RTP/AVP 101 0 102 103\r\n')
    expect(text).toContain('a=rtpmap:103 telephone-event/8000\r\n')
  })
})

describe('what a far end wants of Opus', () => {
  it('is nothing when it does not say', () => {
    expect(opusWishes(undefined)).toEqual({})
    expect(opusWishes('stereo=1; sprop-stereo=1')).toEqual({})
  })

  it('is read whatever the spaces and the case', () => {
    expect(opusWishes('MaxPlaybackRate=8000 ; cbr=1;useinbandfec=0')).toEqual({
      maxPlaybackRateHz: 8000,
      constantBitrate: true,
    })
  })

  it('is not believed out of range', () => {
    expect(opusWishes('maxplaybackrate=1;maxaveragebitrate=999999999;usedtx=yes;=;;;cbr=2')).toEqual({})
    expect(opusWishes('maxaveragebitrate=99999999999999999999')).toEqual({})
  })
})

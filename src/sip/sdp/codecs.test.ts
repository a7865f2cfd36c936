import { describe, expect, it } from 'vitest'
import { utf8Decode, utf8Encode } from '../../kit/index.ts'
import { AUDIO_CODECS, type AudioCodecName, audioCodecOf, TELEPHONE_EVENT_PAYLOAD_TYPE } from './codecs.ts'
import { acceptAnswer, answerOffer, createOffer, type LocalMedia } from './offer-answer.ts'

const local = (...codecs: AudioCodecName[]): LocalMedia => ({
  sessionId: 7,
  sessionVersion: 1,
  address: '192.0.2.1',
  port: 4000,
  codecs,
  telephoneEvent: true,
  ptimeMs: 20,
  direction: 'sendrecv',
})

function offer(formats: string, ...lines: string[]): Uint8Array {
  const head = ['v=0', 'o=- 1 1 IN IP4 198.51.100.7', 's=-', 'c=IN IP4 198.51.100.7', 't=0 0']
  return utf8Encode(`${[...head, `m=audio 5000 RTP/AVP ${formats}`, ...lines].join('\r\n')}\r\n`)
}

function agreed(formats: string, lines: string[], ...codecs: AudioCodecName[]) {
  const result = answerOffer(offer(formats, ...lines), local(...codecs))
  if (!result.ok) return result.error
  const { codec, payloadType, telephoneEventPayloadType } = result.value.stream
  return { codec, payloadType, telephoneEventPayloadType }
}

describe('the table of codecs', () => {
  it('gives every codec and telephone-event a payload type of its own', () => {
    const types = Object.values(AUDIO_CODECS).map(({ payloadType }) => payloadType)
    expect(new Set([...types, TELEPHONE_EVENT_PAYLOAD_TYPE]).size).toBe(types.length + 1)
  })

  it('is offered in the order asked for', () => {
    const text = utf8Decode(createOffer(local('G722', 'L16', 'PCMA')))
    expect(text).toContain('m=audio 4000 RTP/AVP 9 118 8 101\r\n')
    expect(text).toContain('a=rtpmap:9 G722/8000\r\na=rtpmap:118 L16/8000\r\na=rtpmap:8 PCMA/8000\r\n')
  })

  it('knows G.722 by its static type, and by the 8,000 that RFC 3551 gives it in spite of its 16 kHz', () => {
    const expected = { codec: 'G722', payloadType: 9, telephoneEventPayloadType: 101 }
    expect(agreed('9 101', ['a=rtpmap:101 telephone-event/8000'], 'PCMU', 'G722')).toEqual(expected)
    expect(audioCodecOf({ payloadType: 9, encoding: 'g722', clockRateHz: 8000, channels: 1 })).toBe('G722')
    expect(audioCodecOf({ payloadType: 97, encoding: 'G722', clockRateHz: 16_000, channels: 1 })).toBeUndefined()
  })

  it('takes L16 at 8 kHz mono under any dynamic type, and not the static types of 44.1 kHz', () => {
    expect(agreed('97', ['a=rtpmap:97 L16/8000'], 'L16')).toMatchObject({ codec: 'L16', payloadType: 97 })
    expect(agreed('97', ['a=rtpmap:97 L16/8000/2'], 'L16')).toBe('no common codec')
    expect(agreed('10 11', [], 'L16')).toBe('no common codec')
  })

  it("answers with the far end's first choice among ours", () => {
    expect(agreed('0 9 8', [], 'PCMA', 'G722')).toMatchObject({ codec: 'G722' })
    expect(agreed('0 9 8', [], 'PCMU', 'PCMA')).toMatchObject({ codec: 'PCMU' })
  })

  it('sends under the type that the answer gives', () => {
    const answer = acceptAnswer(local('L16', 'PCMU'), offer('120', 'a=rtpmap:120 L16/8000'))
    expect(answer.ok && answer.value.stream).toMatchObject({ codec: 'L16', payloadType: 120 })
  })
})

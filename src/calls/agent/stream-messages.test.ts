import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { toBase64 } from '../../kit/index.ts'
import type { LiveFormat } from '../live/live-format.ts'
import { parseAgentMessage, StreamMessages } from './stream-messages.ts'

const MULAW: LiveFormat = { encoding: 'pcmu', sampleRateHz: 8000 }
const LINEAR: LiveFormat = { encoding: 'pcm16', sampleRateHz: 16_000 }

const media = (payload: unknown): string => JSON.stringify({ event: 'media', media: { payload } })

describe('messages of a media stream', () => {
  it('are numbered, and chunks are, too', () => {
    const messages = new StreamMessages({ streamSid: 'MZ1', callSid: 'c', format: LINEAR, customParameters: {} })
    messages.start()
    expect(JSON.parse(messages.media(Int16Array.of(1, -2), 0))).toEqual({
      event: 'media',
      sequenceNumber: '2',
      streamSid: 'MZ1',
      media: { track: 'inbound', chunk: '1', timestamp: '0', payload: toBase64(Uint8Array.of(1, 0, 0xfe, 0xff)) },
    })
    expect(JSON.parse(messages.media(Int16Array.of(7), 40))).toMatchObject({
      sequenceNumber: '3',
      media: { chunk: '2', timestamp: '40' },
    })
    expect(JSON.parse(messages.stop())).toMatchObject({ event: 'stop', sequenceNumber: '4', stop: { callSid: 'c' } })
  })

  it('are read as samples of the format', () => {
    expect(parseAgentMessage(media('AQD+/w=='), LINEAR)).toEqual({ type: 'media', samples: Int16Array.of(1, -2) })
    expect(parseAgentMessage(media('AQD+/w=='), MULAW)).toEqual({
      type: 'media',
      samples: Uint8Array.of(1, 0, 254, 255),
    })
    // Half a sample is none.
    expect(parseAgentMessage(media('AQD+'), LINEAR)).toBeUndefined()
    expect(parseAgentMessage(media(''), LINEAR)).toEqual({ type: 'media', samples: new Int16Array() })
  })

  it('come back as they were sent', () => {
    fc.assert(
      fc.property(fc.int16Array({ maxLength: 700 }), (samples) => {
        const messages = new StreamMessages({ streamSid: 'MZ1', callSid: 'c', format: LINEAR, customParameters: {} })
        expect(parseAgentMessage(messages.media(samples, 0), LINEAR)).toEqual({ type: 'media', samples })
      }),
    )
  })

  it('may be anything: nothing is thrown', () => {
    const parts = fc.oneof(fc.string(), fc.integer(), fc.constant(null), fc.dictionary(fc.string(), fc.string()))
    const near = fc.record(
      {
        event: fc.oneof(fc.constantFrom('media', 'mark', 'clear', 'stop'), parts),
        media: fc.oneof(fc.record({ payload: parts }), parts),
        mark: fc.oneof(fc.record({ name: parts }), parts),
      },
      { requiredKeys: [] },
    )
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.json(),
          near.map((each) => JSON.stringify(each)),
        ),
        (text) => {
          for (const format of [MULAW, LINEAR]) {
            const message = parseAgentMessage(text, format)
            expect(message === undefined || ['media', 'mark', 'clear', 'other'].includes(message.type)).toBe(true)
          }
        },
      ),
      { numRuns: 2000 },
    )
  })
})

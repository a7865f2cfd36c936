import fc from 'fast-check'
import { parse } from 'sdp-transform'
import { expect, test } from 'vitest'
import { utf8Encode } from '../../kit/index.ts'
import { parseDescription } from './description.ts'

const direction = fc.constantFrom('sendrecv', 'sendonly', 'recvonly', 'inactive')
const media = fc.record({
  port: fc.integer({ min: 0, max: 65_535 }),
  connection: fc.option(fc.ipV4()),
  direction: fc.option(direction),
  ptime: fc.option(fc.integer({ min: 1, max: 200 })),
  rtpmaps: fc.uniqueArray(
    fc.record({
      payloadType: fc.integer({ min: 0, max: 127 }),
      encoding: fc.constantFrom('PCMU', 'opus', 'telephone-event', 'X-strange.codec', 'G722'),
      rate: fc.constantFrom(8000, 16_000, 48_000),
      channels: fc.option(fc.constantFrom(1, 2)),
    }),
    { selector: ({ payloadType }) => payloadType, maxLength: 6 },
  ),
  mux: fc.boolean(),
})
const description = fc.record({
  connection: fc.ipV4(),
  direction: fc.option(direction),
  media: fc.array(media, { minLength: 1, maxLength: 4 }),
})

test('what it reads is what an independent reader of SDP reads', () => {
  fc.assert(
    fc.property(description, (given) => {
      const text = printed(given)
      const ours = parseDescription(utf8Encode(text))
      const theirs = parse(text)
      if (!ours.ok) throw new Error(ours.error)
      expect(ours.value.media).toHaveLength(theirs.media.length)
      for (const [index, { line, port, formats, ptimeMs, rtcpMux }] of ours.value.media.entries()) {
        const other = theirs.media[index]
        expect([line.type, line.protocol, port]).toEqual([other?.type, other?.protocol, other?.port])
        expect(ptimeMs).toBe(other?.ptime)
        expect(rtcpMux).toBe(other?.rtcpMux !== undefined)
        const mapped = new Map(other?.rtp.map((map) => [map.payload, [map.codec, map.rate]]))
        for (const { payloadType, encoding, clockRateHz } of formats)
          if (mapped.has(payloadType)) expect([encoding, clockRateHz]).toEqual(mapped.get(payloadType))
        const known = given.media[index]?.rtpmaps.map(({ payloadType }) => payloadType) ?? []
        expect(formats.map(({ payloadType }) => payloadType)).toEqual(expect.arrayContaining(known))
      }
    }),
    { numRuns: 500 },
  )
})

test('any bytes give a value or a reason, in time that grows with their number only', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 2000 }), (bytes) => {
      expect(typeof parseDescription(bytes).ok).toBe('boolean')
    }),
    { numRuns: 1000 },
  )
  const pathological = `v=0\r\n${'a=rtpmap:'.repeat(1600)}\r\n`
  expect(parseDescription(utf8Encode(pathological)).ok).toBe(false)
  expect(parseDescription(utf8Encode(`v=0\n${`m=audio 1 RTP/AVP ${'0 '.repeat(100)}\n`.repeat(50)}`)).ok).toBe(false)
})

function printed({
  connection,
  direction,
  media,
}: typeof description extends fc.Arbitrary<infer Value> ? Value : never) {
  const lines = ['v=0', 'o=- 1 1 IN IP4 192.0.2.1', 's=-', `c=IN IP4 ${connection}`, 't=0 0']
  if (direction !== null) lines.push(`a=${direction}`)
  for (const { port, connection, direction, ptime, rtpmaps, mux } of media) {
    lines.push(`m=audio ${port} RTP/AVP ${[96, ...rtpmaps.map(({ payloadType }) => payloadType)].join(' ')}`)
    if (connection !== null) lines.push(`c=IN IP4 ${connection}`)
    for (const { payloadType, encoding, rate, channels } of rtpmaps)
      lines.push(`a=rtpmap:${payloadType} ${encoding}/${rate}${channels === null ? '' : `/${channels}`}`)
    if (ptime !== null) lines.push(`a=ptime:${ptime}`)
    if (direction !== null) lines.push(`a=${direction}`)
    if (mux) lines.push('a=rtcp-mux')
  }
  return lines.map((line) => `${line}\r\n`).join('')
}

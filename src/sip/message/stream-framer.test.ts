import { describe, expect, it } from 'vitest'
import { integerBelow, seededRandom } from '../../kit/index.ts'
import { type FramerOutput, SipStreamFramer } from './index.ts'
import { CALL, sip } from './test/samples.ts'

/** What the framer gives for the chunks, with the messages as text. */
function frame(chunks: readonly Uint8Array[], limit?: number): string[] {
  const framer = new SipStreamFramer(limit)
  const outputs: string[] = []
  for (const chunk of chunks) {
    framer.handle(chunk)
    for (let output = framer.poll(); output !== undefined; output = framer.poll()) outputs.push(textOf(output))
  }
  return outputs
}

function textOf(output: FramerOutput): string {
  if (output.type === 'message') return new TextDecoder().decode(output.bytes)
  if (output.type === 'ping' || output.type === 'pong') return output.type
  return `broken: ${output.error.code}${output.error.request === undefined ? '' : ', answerable'}`
}

function bytesOf(...parts: readonly (Uint8Array | string)[]): Uint8Array {
  return new Uint8Array(parts.flatMap((part) => [...(typeof part === 'string' ? sip(part) : part)]))
}

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)

const STREAM = bytesOf('\n', CALL.invite, CALL.ok, '\n\n', '\n\n', CALL.ack, '\n', CALL.bye, '\n\n')
const OUTPUTS = [text(CALL.invite), text(CALL.ok), 'ping', 'ping', text(CALL.ack), text(CALL.bye), 'ping']

describe('SipStreamFramer', () => {
  it('cuts messages and pings from one chunk', () => {
    expect(frame([STREAM])).toEqual(OUTPUTS)
  })

  it('gives the same in single bytes', () => {
    expect(frame([...STREAM].map((byte) => new Uint8Array([byte])))).toEqual(OUTPUTS)
  })

  it('gives the same for a cut at every place', () => {
    for (let at = 0; at <= STREAM.length; at++) {
      expect(frame([STREAM.subarray(0, at), STREAM.subarray(at)])).toEqual(OUTPUTS)
    }
  })

  it('gives the same for random cuts', () => {
    const random = seededRandom(7)
    for (let run = 0; run < 300; run++) {
      const chunks: Uint8Array[] = []
      for (let at = 0; at < STREAM.length; ) {
        const end = at + 1 + integerBelow(random, 400)
        chunks.push(STREAM.subarray(at, end))
        at = end
      }
      expect(frame(chunks)).toEqual(OUTPUTS)
    }
  })

  it('keeps no reference to a chunk', () => {
    const framer = new SipStreamFramer()
    const chunk = CALL.bye.slice(0, 50)
    framer.handle(chunk)
    chunk.fill(0)
    framer.handle(CALL.bye.subarray(50))
    expect(framer.poll()).toEqual({ type: 'message', bytes: CALL.bye })
  })

  it('reads Content-Length as the parser does: compact, folded, with white space, given twice', () => {
    const message = (length: string) => sip(`OPTIONS sip:a SIP/2.0\nTo: <sip:a>\n${length}\nFrom: <sip:b>\n\nabc`)
    for (const length of ['l:3', 'Content-length  :\n  3', 'L : 3\nContent-Length: 3']) {
      expect(frame([bytesOf(message(length), CALL.bye)])).toEqual([text(message(length)), text(CALL.bye)])
    }
  })

  it.each([
    ['no Content-Length', 'From: <sip:a>', 'broken: contentLength'],
    ['a negative one', 'l: -1', 'broken: contentLength'],
    ['two different ones', 'l: 1\nl: 2', 'broken: contentLength'],
    ['a message beyond the limit', 'l: 70000', 'broken: tooLarge'],
  ])('breaks on %s, once, and ignores the rest', (_, header, broken) => {
    const head = sip(`OPTIONS sip:a SIP/2.0\n${header}\n\n`)
    expect(frame([bytesOf(CALL.bye, head), CALL.bye, CALL.bye])).toEqual([text(CALL.bye), broken])
  })

  it('gives the request of a broken message, so that it can be answered', () => {
    const withoutLength = sip(text(CALL.bye).replace(/Content-Length: 0\r\n/, ''))
    expect(frame([withoutLength])).toEqual(['broken: contentLength, answerable'])
  })

  it('breaks on a head that never ends', () => {
    expect(frame([sip(`OPTIONS sip:a SIP/2.0\nX: ${'x'.repeat(2000)}`)], 1000)).toEqual(['broken: tooLarge'])
    expect(
      frame(
        Array.from({ length: 300 }, () => sip('X: y\n')),
        1000,
      ),
    ).toEqual(['broken: tooLarge'])
  })

  it('takes 60 kB in single bytes in linear time', () => {
    const message = sip(`OPTIONS sip:a SIP/2.0\nX: ${'x'.repeat(60_000)}\nl: 0\n\n`)
    const start = process.cpuUsage()
    expect(frame([...message].map((byte) => new Uint8Array([byte])))).toEqual([text(message)])
    const { user, system } = process.cpuUsage(start)
    expect(user + system).toBeLessThan(1_500_000)
  })
})

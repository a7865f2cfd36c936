import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { concatBytes, fromBase64, toBase64, toHex, utf8Decode, utf8Encode } from './bytes.ts'

describe('UTF-8', () => {
  test('text survives the round trip, a leading byte order mark too', () => {
    fc.assert(fc.property(fc.string({ unit: 'grapheme' }), (text) => utf8Decode(utf8Encode(text)) === text))
    expect(utf8Decode(utf8Encode('\ufeffSIP'))).toBe('\ufeffSIP')
  })

  test('any bytes decode without an error', () => {
    fc.assert(fc.property(fc.uint8Array(), (bytes) => typeof utf8Decode(bytes) === 'string'))
    expect(utf8Decode(Uint8Array.of(0x41, 0xff, 0x42))).toBe('A\ufffdB')
  })
})

test('concatBytes joins its parts in order into a new array', () => {
  const part = Uint8Array.of(1, 2)
  const joined = concatBytes(part, new Uint8Array(0), Uint8Array.of(3))
  expect([...joined]).toEqual([1, 2, 3])
  part[0] = 9
  expect(joined[0]).toBe(1)
  expect(concatBytes()).toHaveLength(0)
})

test('toHex writes two lower-case digits for each byte', () => {
  expect(toHex(Uint8Array.of(0, 9, 0xab, 0xff))).toBe('0009abff')
})

test('fromBase64 reads what base64 writes, with and without padding and line ends', () => {
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      const text = Buffer.from(bytes).toString('base64')
      expect(toBase64(bytes)).toBe(text)
      expect([...fromBase64(text)]).toEqual([...bytes])
      expect([...fromBase64(`\n${text.replaceAll('=', '')}\n`)]).toEqual([...bytes])
    }),
  )
})

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Trace } from './trace.ts'

type Item = string | number | Uint8Array

function digest(items: readonly Item[]): string {
  const trace = new Trace()
  for (const item of items) {
    if (typeof item === 'string') trace.addText(item)
    else if (typeof item === 'number') trace.addInstant(item)
    else trace.addBytes(item)
  }
  return trace.digest()
}

test('equal histories have equal digests, of 16 hexadecimal digits', () => {
  const item = fc.oneof(fc.string(), fc.double({ noNaN: true }), fc.uint8Array())
  fc.assert(
    fc.property(fc.array(item), (items) => {
      expect(digest(items)).toMatch(/^[0-9a-f]{16}$/)
      expect(digest(items)).toBe(digest(items))
    }),
  )
})

test.each([
  [
    ['ab', 'c'],
    ['a', 'bc'],
  ],
  [
    ['a', 'b'],
    ['b', 'a'],
  ],
  [[1], [1 + 2 ** -40]],
  [[Uint8Array.of(1), Uint8Array.of(2)], [Uint8Array.of(1, 2)]],
  [[Uint8Array.of()], []],
])('%j and %j differ', (one, other) => {
  expect(digest(one)).not.toBe(digest(other))
})

test('any one byte makes a difference', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 1, maxLength: 200 }),
      fc.nat(),
      fc.integer({ min: 1, max: 255 }),
      (bytes, at, flip) => {
        const changed = bytes.slice()
        changed[at % bytes.length] ^= flip
        expect(digest([changed])).not.toBe(digest([bytes]))
      },
    ),
  )
})

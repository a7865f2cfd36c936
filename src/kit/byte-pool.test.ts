import { expect, it } from 'vitest'
import { BytePool, utf8Decode } from './index.ts'

const NONE = new Uint8Array(0)

it('gives pieces that stay as they are, whatever is cut after them', () => {
  const pool = new BytePool()
  const texts = Array.from({ length: 500 }, (_, i) => `${i} ${'é€😀'.repeat(i % 40)}`)
  const pieces = texts.map((text) => pool.encode(text, NONE))
  expect(pieces.map(utf8Decode)).toEqual(texts)
})

it('puts bytes behind a text', () => {
  expect([...new BytePool().encode('é', Uint8Array.of(1, 2, 3))]).toEqual([0xc3, 0xa9, 1, 2, 3])
})

it('copies the beginning of bytes that change afterwards', () => {
  const pool = new BytePool()
  const bytes = Uint8Array.of(1, 2, 3, 4)
  const [whole, part] = [pool.copy(bytes, 4), pool.copy(bytes, 2)]
  bytes.fill(9)
  expect([...whole, ...part]).toEqual([1, 2, 3, 4, 1, 2])
})

it('has room for pieces that are longer than its arrays', () => {
  const pool = new BytePool()
  const long = 'x'.repeat(20_000)
  expect(pool.encode(long, NONE)).toHaveLength(20_000)
  expect(pool.copy(new Uint8Array(65_535).fill(7), 65_535).every((byte) => byte === 7)).toBe(true)
  expect(utf8Decode(pool.encode('short', NONE))).toBe('short')
})

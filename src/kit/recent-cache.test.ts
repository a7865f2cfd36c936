import { expect, test } from 'vitest'
import { RecentCache } from './recent-cache.ts'

test('keeps what was made use of last, up to its bytes', () => {
  const cache = new RecentCache<string>(10)
  cache.set('a', 'first', 4)
  cache.set('b', 'second', 4)
  expect(cache.get('a')).toBe('first')
  cache.set('c', 'third', 4)
  expect([cache.get('a'), cache.get('b'), cache.get('c'), cache.size]).toEqual(['first', undefined, 'third', 8])
})

test('a value takes the place of the one before; what is too large is not kept', () => {
  const cache = new RecentCache<string>(10)
  cache.set('a', 'first', 4)
  cache.set('a', 'second', 6)
  expect([cache.get('a'), cache.size]).toEqual(['second', 6])
  cache.set('a', 'third', 11)
  expect([cache.get('a'), cache.size]).toEqual([undefined, 0])
})

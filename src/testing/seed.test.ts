import { afterEach, expect, test, vi } from 'vitest'
import { namedRandom, seedOfEnvironment } from './seed.ts'

afterEach(() => vi.unstubAllEnvs())

const numbers = (seed: number, name: string) => {
  const random = namedRandom(seed, name)
  return [random.uint32(), random.uint32(), random.uint32()]
}

test('a stream of randomness depends on its seed and its name, on nothing else', () => {
  expect(numbers(1, 'link a>b')).toEqual(numbers(1, 'link a>b'))
  expect(numbers(1, 'link a>b')).not.toEqual(numbers(1, 'link b>a'))
  expect(numbers(1, 'link a>b')).not.toEqual(numbers(2, 'link a>b'))
})

test.each([
  ['', undefined],
  ['42', 42],
  ['-1', -1],
])('RINGDOWN_SEED=%j is %s', (text, seed) => {
  vi.stubEnv('RINGDOWN_SEED', text)
  expect(seedOfEnvironment()).toBe(seed)
})

test('a seed that is no integer is refused', () => {
  vi.stubEnv('RINGDOWN_SEED', '1.5')
  expect(() => seedOfEnvironment()).toThrow('RINGDOWN_SEED must be an integer, not "1.5"')
})

import { expect, test } from 'vitest'
import { Counters } from './counters.ts'

test('counters start at zero, add up and are listed by name', () => {
  const counters = new Counters<'sent' | 'lost' | 'calls'>()
  expect(counters.get('sent')).toBe(0)
  expect(counters.snapshot()).toEqual({})
  counters.add('sent')
  counters.add('sent', 4)
  counters.add('calls', 2)
  counters.add('calls', -2)
  expect(counters.get('sent')).toBe(5)
  expect(Object.entries(counters.snapshot())).toEqual([
    ['calls', 0],
    ['sent', 5],
  ])
})

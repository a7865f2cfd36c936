import { expect, it } from 'vitest'
import { Punctuality } from './punctuality.ts'

/** Asks in each tick for these parts of it, which begin so many ms after their time. */
function ticks(
  punctuality: Punctuality,
  count: number,
  delaysMs: Readonly<Record<number, number>>,
  fromTick = 0,
): boolean[] {
  let last: boolean[] = []
  for (let tick = fromTick; tick < fromTick + count; tick++)
    last = Object.entries(delaysMs).map(([part, delayMs]) => {
      const mediaMs = tick * 20 + Number(part) * 5
      punctuality.begin(mediaMs, 1000 + mediaMs + delayMs)
      return punctuality.isLate
    })
  return last
}

it('takes a part that always begins late, because the one before it has much to do, for punctual', () => {
  const punctuality = new Punctuality()
  expect(ticks(punctuality, 50, { 0: 0.1, 1: 7 })).toEqual([false, false])
  expect(ticks(punctuality, 1, { 0: 6, 1: 13 }, 50)).toEqual([true, true])
  expect(ticks(punctuality, 1, { 0: 0.1, 1: 7 }, 51)).toEqual([false, false])
})

it('forgives a millisecond in two seconds', () => {
  const punctuality = new Punctuality()
  ticks(punctuality, 2, { 2: 0 })
  expect(ticks(punctuality, 90, { 2: 6 }, 3)).toEqual([true])
  expect(ticks(punctuality, 20, { 2: 6 }, 93)).toEqual([false])
})

import { beforeEach, expect, it } from 'vitest'
import { DeadlineHeap, NEVER } from '../kit/index.ts'
import { ExchangeTimer } from './exchange-timer.ts'

let heap: DeadlineHeap<() => void>
let posted: (() => void)[]
const clock = { now: 0, isMutating: false, post: (action: () => void) => void posted.push(action) }

beforeEach(() => {
  heap = new DeadlineHeap()
  posted = []
  clock.now = 100
})

/** A mutation: what `first` does, and then what was posted. */
function mutate(now: number, first: () => void = () => {}): void {
  clock.now = now
  clock.isMutating = true
  first()
  for (const action of posted.splice(0)) action()
  clock.isMutating = false
}

const timer = () => new ExchangeTimer(heap, clock, () => {})

it('set by a mutation, counts from it and posts nothing', () => {
  const one = timer()
  mutate(5000, () => one.setIn(50))
  expect([heap.next(), posted.length]).toEqual([5050, 0])
})

it('set outside, counts from the next mutation, which it asks for, and not from the last one', () => {
  const one = timer()
  one.setIn(50)
  expect([heap.next(), posted.length]).toEqual([NEVER, 1])
  mutate(5000)
  expect(heap.next()).toBe(5050)
})

it('set several times, is due as the last one said, wherever that was', () => {
  const one = timer()
  one.setIn(50)
  one.setIn(70)
  mutate(5000)
  expect(heap.next()).toBe(5070)
  one.setIn(10)
  expect(heap.next()).toBe(NEVER)
  mutate(6000, () => one.setIn(90))
  expect([heap.next(), heap.size]).toEqual([6090, 1])
})

it('cleared before the mutation, or in it, is not due', () => {
  const [one, other] = [timer(), timer()]
  one.setIn(50)
  other.setIn(50)
  one.clear()
  mutate(5000, () => other.clear())
  expect(heap.next()).toBe(NEVER)
})

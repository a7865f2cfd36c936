import { expect, it } from 'vitest'
import { DeadlineHeap, HeapTimer, NEVER } from './index.ts'

it('is due at its delay from the present, moves when it is set again, and is never due once cleared', () => {
  const heap = new DeadlineHeap<() => void>()
  const clock = { now: 100 }
  const done: string[] = []
  const first = new HeapTimer(heap, clock, () => done.push('first'))
  const second = new HeapTimer(heap, clock, () => done.push('second'))
  first.setIn(50)
  second.setIn(20)
  expect(heap.next()).toBe(120)
  clock.now = 110
  second.setIn(60)
  expect(heap.next()).toBe(150)
  heap.takeDue(150)?.()
  expect(done).toEqual(['first'])
  second.clear()
  expect(heap.next()).toBe(NEVER)
  expect(heap.takeDue(1000)).toBeUndefined()
})

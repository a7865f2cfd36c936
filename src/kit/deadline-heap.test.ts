import { describe, expect, test } from 'vitest'
import { Deadline, DeadlineHeap } from './deadline-heap.ts'
import { NEVER } from './machine.ts'

// What it does in general is tested through the queue that stands on it (deadline-queue.test.ts).
describe('DeadlineHeap', () => {
  test('two deadlines of one owner are two', () => {
    const heap = new DeadlineHeap<string>()
    const [first, second] = [new Deadline('owner'), new Deadline('owner')]
    heap.set(first, 20)
    heap.set(second, 10)
    expect([heap.size, heap.next()]).toEqual([2, 10])
    heap.delete(second)
    expect([heap.size, heap.next(), [...heap.entries()]]).toEqual([1, 20, [['owner', 20]]])
  })

  test('one that was taken or removed can be set again', () => {
    const heap = new DeadlineHeap<string>()
    const deadline = new Deadline('owner')
    heap.set(deadline, 10)
    expect([heap.takeDue(9), heap.takeDue(10), heap.takeDue(10)]).toEqual([undefined, 'owner', undefined])
    heap.set(deadline, 10)
    heap.set(deadline, NEVER)
    heap.delete(deadline)
    expect([heap.size, heap.next()]).toEqual([0, NEVER])
    heap.set(deadline, 30)
    expect(heap.next()).toBe(30)
  })
})

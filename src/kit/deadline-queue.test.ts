import fc from 'fast-check'
import { describe, expect, test, vi } from 'vitest'
import { DeadlineQueue } from './deadline-queue.ts'
import { NEVER } from './machine.ts'

function drain(queue: DeadlineQueue<string>, now: number): string[] {
  const taken: string[] = []
  for (let owner = queue.takeDue(now); owner !== undefined; owner = queue.takeDue(now)) taken.push(owner)
  return taken
}

describe('DeadlineQueue', () => {
  test('hands out who is due, earliest first, and keeps the rest', () => {
    const queue = new DeadlineQueue<string>()
    queue.set('c', 30)
    queue.set('a', 10)
    queue.set('b', 20)
    expect(queue.next()).toBe(10)
    expect(drain(queue, 20)).toEqual(['a', 'b'])
    expect(queue.size).toBe(1)
    expect(queue.next()).toBe(30)
  })

  test('owners due at the same instant come out in the order they were set', () => {
    const queue = new DeadlineQueue<string>()
    for (const owner of ['a', 'b', 'c', 'd']) queue.set(owner, 10)
    queue.set('a', 5)
    queue.set('a', 10)
    expect(drain(queue, 10)).toEqual(['b', 'c', 'd', 'a'])
  })

  test('setting the same deadline again keeps the place in the order', () => {
    const queue = new DeadlineQueue<string>()
    queue.set('a', 10)
    queue.set('b', 10)
    queue.set('a', 10)
    expect(drain(queue, 10)).toEqual(['a', 'b'])
  })

  test('NEVER and delete remove; both are harmless on a stranger', () => {
    const queue = new DeadlineQueue<string>()
    queue.set('a', 10)
    queue.set('b', 10)
    queue.set('a', NEVER)
    queue.delete('b')
    queue.delete('b')
    queue.set('stranger', NEVER)
    expect(queue.size).toBe(0)
    expect(queue.next()).toBe(NEVER)
    expect(queue.takeDue(NEVER)).toBeUndefined()
  })

  test('lists every owner with its deadline', () => {
    const queue = new DeadlineQueue<string>()
    queue.set('a', 10)
    queue.set('b', 5)
    queue.set('gone', 7)
    queue.delete('gone')
    expect(new Map(queue.entries())).toEqual(
      new Map([
        ['a', 10],
        ['b', 5],
      ]),
    )
  })

  test('behaves as a sorted list does, whatever is set, moved, deleted and taken', () => {
    const owner = fc.integer({ min: 0, max: 200 })
    const operation = fc.oneof(
      { weight: 6, arbitrary: fc.record({ kind: fc.constant('set'), owner, at: fc.integer({ min: 0, max: 50 }) }) },
      { weight: 2, arbitrary: fc.record({ kind: fc.constant('delete'), owner, at: fc.constant(0) }) },
      { weight: 2, arbitrary: fc.record({ kind: fc.constant('take'), owner, at: fc.integer({ min: 0, max: 50 }) }) },
    )
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 600 }), (operations) => {
        const queue = new DeadlineQueue<number>()
        let model: { owner: number; at: number }[] = []
        const earliest = () => model.toSorted((a, b) => a.at - b.at)[0]
        for (const { kind, owner, at } of operations) {
          if (kind === 'set') {
            queue.set(owner, at)
            if (model.find((entry) => entry.owner === owner)?.at !== at) {
              model = [...model.filter((entry) => entry.owner !== owner), { owner, at }]
            }
          } else if (kind === 'delete') {
            queue.delete(owner)
            model = model.filter((entry) => entry.owner !== owner)
          } else {
            const first = earliest()
            const due = first !== undefined && first.at <= at ? first : undefined
            expect(queue.takeDue(at)).toBe(due?.owner)
            model = model.filter((entry) => entry !== due)
          }
          expect(queue.size).toBe(model.length)
          expect(queue.next()).toBe(earliest()?.at ?? NEVER)
        }
      }),
    )
  })

  test('one owner that comes and goes among many others is not entered anew each time', () => {
    const queue = new DeadlineQueue<object>()
    for (let i = 0; i < 20_000; i++) queue.set({}, 1_000_000 + i)
    const entering = vi.spyOn(Map.prototype, 'set')
    const leaving = vi.spyOn(Map.prototype, 'delete')
    const ticking = {}
    let taken = 0
    for (let i = 0; i < 1000; i++) {
      queue.set(ticking, i)
      if (queue.takeDue(i) === ticking) taken++
    }
    const [entries, departures] = [entering.mock.calls.length, leaving.mock.calls.length]
    vi.restoreAllMocks()
    // Each of them leaves a tombstone in the map, among which later look-ups search.
    expect([taken, entries, departures]).toEqual([1000, 1, 0])
  })
})

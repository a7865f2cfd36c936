import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { NEVER } from './machine.ts'
import { TimerTable } from './timer-table.ts'

describe('TimerTable', () => {
  test('starts with every timer unset', () => {
    const timers = new TimerTable(['A', 'B'])
    expect(timers.next()).toBe(NEVER)
    expect(timers.isSet('A')).toBe(false)
    expect(timers.takeDue(1e9)).toBeUndefined()
  })

  test('set replaces, clear unsets', () => {
    const timers = new TimerTable(['A', 'B'])
    timers.set('A', 500)
    timers.set('A', 1000)
    timers.set('B', 32_000)
    expect(timers.next()).toBe(1000)
    timers.clear('A')
    expect(timers.isSet('A')).toBe(false)
    expect(timers.next()).toBe(32_000)
    timers.clearAll()
    expect(timers.next()).toBe(NEVER)
  })

  test('due timers come out earliest first, each once; ties in the order of the table', () => {
    const timers = new TimerTable(['A', 'B', 'C', 'D'])
    timers.set('A', 300)
    timers.set('B', 100)
    timers.set('C', 300)
    timers.set('D', 301)
    const taken: (string | undefined)[] = []
    for (let i = 0; i < 4; i++) taken.push(timers.takeDue(300))
    expect(taken).toEqual(['B', 'A', 'C', undefined])
    expect(timers.isSet('D')).toBe(true)
  })

  test('an unset timer never comes out, not even at the end of time', () => {
    const timers = new TimerTable(['A'])
    expect(timers.takeDue(NEVER)).toBeUndefined()
  })

  test('takeDue until undefined hands out exactly what was due', () => {
    const names = ['A', 'B', 'C', 'D'] as const
    const settings = fc.array(fc.record({ name: fc.constantFrom(...names), at: fc.nat(100) }), { maxLength: 20 })
    fc.assert(
      fc.property(settings, fc.nat(100), (sets, now) => {
        const timers = new TimerTable(names)
        const model = new Map<string, number>()
        for (const { name, at } of sets) {
          timers.set(name, at)
          model.set(name, at)
        }
        const taken: string[] = []
        for (let name = timers.takeDue(now); name !== undefined; name = timers.takeDue(now)) taken.push(name)
        const due = [...model].filter(([, at]) => at <= now)
        expect(taken.toSorted()).toEqual(due.map(([name]) => name).toSorted())
        expect(taken.map((name) => model.get(name))).toEqual(due.map(([, at]) => at).toSorted((a, b) => a - b))
        expect(timers.next()).toBe(Math.min(...[...model.values()].filter((at) => at > now), NEVER))
      }),
    )
  })
})

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Table } from './table.ts'

describe('Table', () => {
  test('keeps, replaces and forgets values', () => {
    const table = new Table<string, number>()
    table.set('a', 1)
    table.set('b', 2)
    table.set('a', 3)
    expect([table.size, table.get('a'), table.has('b'), table.get('c'), table.has('c')]).toEqual([
      2,
      3,
      true,
      undefined,
      false,
    ])
    expect([table.delete('a'), table.delete('a')]).toEqual([true, false])
    expect([table.size, table.get('a'), table.get('b')]).toEqual([1, undefined, 2])
    table.clear()
    expect([table.size, table.get('b'), [...table.values()]]).toEqual([0, undefined, []])
  })

  test('an entry that was deleted gives its place to another one and takes no value along', () => {
    const table = new Table<number, string>()
    for (let key = 0; key < 3000; key++) table.set(key, `value ${key}`)
    for (let key = 0; key < 3000; key++) table.delete(key)
    table.set(7, 'new')
    table.set(3000, 'last')
    expect([...table.entries()]).toEqual([
      [7, 'new'],
      [3000, 'last'],
    ])
    expect([table.get(0), table.first()]).toEqual([undefined, 'new'])
  })

  test('behaves as a Map does, also in its order, whatever is set and deleted', () => {
    const operation = fc.record({ key: fc.integer({ min: 0, max: 20 }), isSet: fc.boolean(), value: fc.integer() })
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 300 }), (operations) => {
        const table = new Table<number, number>()
        const model = new Map<number, number>()
        for (const { key, isSet, value } of operations) {
          if (isSet) {
            table.set(key, value)
            model.set(key, value)
          } else expect(table.delete(key)).toBe(model.delete(key))
          expect(table.get(key)).toBe(model.get(key))
        }
        expect(table.size).toBe(model.size)
        expect([...table.entries()]).toEqual([...model])
        expect([...table.values()]).toEqual([...model.values()])
        expect(table.first()).toBe([...model.values()][0])
      }),
    )
  })
})

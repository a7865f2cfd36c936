import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Fifo } from './fifo.ts'

describe('Fifo', () => {
  test('behaves as an array with push and shift does', () => {
    fc.assert(
      fc.property(fc.array(fc.option(fc.integer(), { nil: undefined }), { maxLength: 500 }), (operations) => {
        const fifo = new Fifo<number>()
        const model: number[] = []
        for (const item of operations) {
          if (item === undefined) expect(fifo.shift()).toBe(model.shift())
          else {
            fifo.push(item)
            model.push(item)
          }
          expect(fifo.length).toBe(model.length)
          expect(fifo.peek()).toBe(model[0])
        }
        while (model.length > 0) expect(fifo.shift()).toBe(model.shift())
        expect(fifo.shift()).toBeUndefined()
      }),
    )
  })

  test('a burst comes out in order, also when taken from the middle of the ring', () => {
    const fifo = new Fifo<number>()
    for (let i = 0; i < 5; i++) fifo.push(-1)
    for (let i = 0; i < 5; i++) fifo.shift()
    for (let i = 0; i < 10_000; i++) fifo.push(i)
    for (let i = 0; i < 10_000; i++) expect(fifo.shift()).toBe(i)
    fifo.push(7)
    expect(fifo.shift()).toBe(7)
  })

  test('clear forgets everything', () => {
    const fifo = new Fifo<string>()
    fifo.push('a')
    fifo.push('b')
    fifo.clear()
    expect(fifo.length).toBe(0)
    expect(fifo.shift()).toBeUndefined()
    fifo.push('c')
    expect(fifo.shift()).toBe('c')
  })
})

import { describe, expect, test } from 'vitest'
import { Excerpt } from './excerpt.ts'

function excerptOf(limit: number, ...items: number[]): Excerpt<number> {
  const excerpt = new Excerpt<number>(limit, (item) => item)
  for (const item of items) excerpt.push(item)
  return excerpt
}

describe('Excerpt', () => {
  test('keeps everything within its weight', () => {
    const excerpt = excerptOf(10, 1, 2, 3, 4)
    expect(excerpt.items).toEqual([1, 2, 3, 4])
    expect(excerpt).toMatchObject({ weight: 10, leftOut: 0, pushed: 4 })
  })

  test('of more keeps the first half and the last half', () => {
    const excerpt = excerptOf(8, 2, 2, 1, 1, 1, 1, 1, 1)
    expect(excerpt.items).toEqual([2, 2, 1, 1, 1, 1])
    expect(excerpt).toMatchObject({ weight: 8, leftOut: 2, pushed: 8, firsts: 2 })
  })

  test('leaves out what does not fit beside the first half', () => {
    const excerpt = excerptOf(8, 2, 9, 2)
    expect(excerpt.items).toEqual([2, 2])
    expect(excerpt).toMatchObject({ weight: 4, leftOut: 1, firsts: 1 })
  })
})

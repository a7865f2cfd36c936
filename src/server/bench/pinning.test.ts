import { describe, expect, it } from 'vitest'
import { apart, parseCores } from './pinning.ts'

describe('cores', () => {
  it.each([
    ["pid 12's current affinity list: 0,1", [0, 1]],
    ["pid 12's current affinity list: 2-4,7\n", [2, 3, 4, 7]],
    ["pid 12's current affinity list: 5", [5]],
  ])('%s', (text, cores) => {
    expect(parseCores(text)).toEqual(cores)
  })

  it('go one to the exchange and the others to the load', () => {
    expect(apart([2, 3, 4])).toEqual({ subject: [2], load: [3, 4] })
    expect(apart([0])).toBeUndefined()
    expect(apart([])).toBeUndefined()
  })
})

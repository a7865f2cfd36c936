import { describe, expect, it } from 'vitest'
import { NameCache } from './name-cache.ts'

const v4 = { address: '192.0.2.1', family: 4 }
const v6 = { address: '2001:db8::1', family: 6 }

describe('NameCache', () => {
  it('prefers the families in their order and keeps an answer for a minute', async () => {
    let asked = 0
    const cache = new NameCache([4, 6], async () => {
      asked++
      return [v6, v4]
    })
    expect(await Promise.all([cache.resolve('a.example', 0), cache.resolve('A.example', 0)])).toEqual([
      v4.address,
      v4.address,
    ])
    await cache.resolve('a.example', 59_999)
    expect(asked).toBe(1)
    await cache.resolve('a.example', 60_000)
    expect(asked).toBe(2)
  })

  it('says so when there is no address of a family that we speak', async () => {
    const cache = new NameCache([4], async () => [v6])
    await expect(cache.resolve('a.example', 0)).rejects.toThrow('a.example has no address that we can reach')
  })

  it('asks again five seconds after a failure', async () => {
    let asked = 0
    const cache = new NameCache([4], async () => {
      if (asked++ === 0) throw new Error('ENOTFOUND')
      return [v4]
    })
    await expect(cache.resolve('a.example', 0)).rejects.toThrow('ENOTFOUND')
    await expect(cache.resolve('a.example', 4_000)).rejects.toThrow('ENOTFOUND')
    expect(await cache.resolve('a.example', 5_001)).toBe(v4.address)
    expect(asked).toBe(2)
  })
})

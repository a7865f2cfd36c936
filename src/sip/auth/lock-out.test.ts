import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { LockOut } from './lock-out.ts'

const HERE = '192.0.2.66'

function fail(lockOut: LockOut, times: number, { address = HERE, name = 'alice', now = 0 } = {}): boolean[] {
  return Array.from({ length: times }, () => lockOut.failed(address, name, now))
}

describe('a lock-out', () => {
  it('begins with the last failure that was allowed, and ends by itself', () => {
    const lockOut = new LockOut({ failures: 3, withinMs: 1000, forMs: 5000 })
    expect(fail(lockOut, 3, { now: 100 })).toEqual([false, false, true])
    expect(lockOut.isLocked(HERE, 'alice', 100)).toBe(true)
    expect(lockOut.isLocked(HERE, 'alice', 5099)).toBe(true)
    expect(lockOut.isLocked(HERE, 'alice', 5100)).toBe(false)
    expect(fail(lockOut, 2, { now: 5100 })).toEqual([false, false])
  })

  it('counts together what comes within the time only', () => {
    const lockOut = new LockOut({ failures: 3, withinMs: 1000 })
    fail(lockOut, 2, { now: 0 })
    expect(fail(lockOut, 2, { now: 1000 })).toEqual([false, false])
    expect(fail(lockOut, 1, { now: 1999 })).toEqual([true])
  })

  it('is about one name at one address: others there, and the same name elsewhere, are heard', () => {
    const lockOut = new LockOut({ failures: 2 })
    fail(lockOut, 2)
    expect(lockOut.isLocked(HERE, 'alice', 0)).toBe(true)
    expect(lockOut.isLocked(HERE, 'bob', 0)).toBe(false)
    expect(lockOut.isLocked(HERE, undefined, 0)).toBe(false)
    expect(lockOut.isLocked('192.0.2.67', 'alice', 0)).toBe(false)
  })

  it('is about a whole address that tries many names, unless many share it', () => {
    const lockOut = new LockOut({ failures: 10, addressFailures: 5, isShared: (address) => address === '192.0.2.9' })
    for (let n = 0; n < 5; n++) {
      expect(lockOut.failed(HERE, `user${n}`, 0)).toBe(n === 4)
      lockOut.failed('192.0.2.9', `user${n}`, 0)
    }
    expect(lockOut.isLocked(HERE, 'somebody', 0)).toBe(true)
    expect(lockOut.isLocked(HERE, undefined, 0)).toBe(true)
    expect(lockOut.isLocked('192.0.2.9', 'somebody', 0)).toBe(false)
  })

  it('forgives a name that was mistyped, but not the address that guesses others between two right ones', () => {
    const lockOut = new LockOut({ failures: 3, addressFailures: 4 })
    fail(lockOut, 2)
    lockOut.passed(HERE, 'alice')
    expect(fail(lockOut, 1)).toEqual([false])
    lockOut.passed(HERE, 'alice')
    expect(fail(lockOut, 1)).toEqual([true])
  })

  it.each([
    ['2001:db8:1:2::7', '2001:DB8:1:2:ffff::1', true],
    ['2001:db8:1:2::7', '2001:0db8:0001:0002:0:0:0:9', true],
    ['2001:db8:1:2::7', '2001:db8:1:3::7', false],
    ['2001:db8::7', '2001:db8:0:0:1::', true],
    ['::1', '0:0:0:0:0:0:0:2', true],
    ['192.0.2.1', '192.0.2.2', false],
  ])('takes %s and %s for the same place: %s', (one, other, isSame) => {
    const lockOut = new LockOut({ failures: 1 })
    lockOut.failed(one, 'alice', 0)
    expect(lockOut.isLocked(other, 'alice', 0)).toBe(isSame)
  })

  it('remembers no more than it may, whoever fails', () => {
    const address = fc.oneof(fc.ipV4(), fc.ipV6())
    const failure = fc.record({ address, name: fc.string({ maxLength: 300 }), afterMs: fc.nat(2000) })
    fc.assert(
      fc.property(fc.array(failure, { maxLength: 60 }), (failures) => {
        const lockOut = new LockOut({ failures: 2, maxEntries: 10, withinMs: 1000, forMs: 3000 })
        let now = 0
        for (const { address, name, afterMs } of failures) {
          now += afterMs
          const isLocking = lockOut.failed(address, name, now)
          if (isLocking) expect(lockOut.isLocked(address, name, now)).toBe(true)
          expect(lockOut.size).toBeLessThanOrEqual(10)
        }
      }),
    )
  })

  it('leaves nothing behind of those whose time is over', () => {
    const lockOut = new LockOut({ withinMs: 1000 })
    for (let n = 0; n < 100; n++) lockOut.failed(`192.0.2.${n}`, 'alice', 0)
    lockOut.failed(HERE, 'alice', 5000)
    expect(lockOut.size).toBe(2)
  })
})

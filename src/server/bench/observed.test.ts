import { expect, it } from 'vitest'
import { ObservedPid, ownSample } from './observed.ts'

it.runIf(process.platform === 'linux')('a process looks the same from inside and from /proc', async () => {
  for (let i = 0, until = performance.now() + 200; performance.now() < until; i++) Math.sqrt(i)
  const [own, seen] = [ownSample(), await new ObservedPid(process.pid).sample()]
  expect(own.cpuMs).toBeGreaterThan(100)
  expect(Math.abs(own.cpuMs - seen.cpuMs)).toBeLessThan(100)
  expect(Math.abs(own.residentBytes / seen.residentBytes - 1)).toBeLessThan(0.1)
})

it('a process that is not there is refused', () => {
  expect(() => new ObservedPid(2 ** 22 + 1)).toThrow(/--pid 4194305: there is no such process/)
})

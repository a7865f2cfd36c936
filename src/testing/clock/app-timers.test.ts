import { clearTimeout as clearOfModule, setTimeout as setOfModule } from 'node:timers'
import { scheduler, setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { expect, test, vi } from 'vitest'
import { inbound, outbound } from '../../calls/index.ts'
import { exchange } from '../index.ts'

/** Runs `body` as an application; its own time is returned with how long it really took. */
async function inApplication(
  body: () => Promise<void>,
  makeExchange = exchange,
): Promise<{ virtualMs: number; realMs: number }> {
  const pbx = makeExchange({})
  const startedAt = performance.now()
  const record = await pbx.start(outbound(body))
  expect(record.error).toBeUndefined()
  return { virtualMs: pbx.sim.now, realMs: performance.now() - startedAt }
}

const WAYS: Record<string, () => Promise<void>> = {
  'the global setTimeout': () => new Promise((resolve) => void setTimeout(resolve, 60_000)),
  'setTimeout of node:timers': () => new Promise((resolve) => void setOfModule(resolve, 60_000)),
  'node:timers/promises': () => sleep(60_000),
  'scheduler.wait': () => scheduler.wait(60_000),
  'promisify(setTimeout)': () => promisify(setTimeout)(60_000),
  'several at once': async () =>
    void (await Promise.all([sleep(60_000), sleep(20_000), sleep(10).then(() => sleep(30_000))])),
  'the first of several': async () => void (await Promise.race([sleep(60_000), sleep(90_000)])),
  'an interval': async () => {
    let times = 0
    await new Promise<void>((resolve) => {
      const timer = setInterval(() => {
        if (++times < 6) return
        clearInterval(timer)
        resolve()
      }, 10_000)
    })
  },
}

for (const [name, wait] of Object.entries(WAYS)) {
  test(`an application that waits a minute by ${name} waits none`, async () => {
    const { virtualMs, realMs } = await inApplication(wait)
    expect(virtualMs).toBe(60_000)
    expect(realMs).toBeLessThan(5000)
  })
}

test('a timer that was cleared does not fire, an aborted sleep rejects', async () => {
  const seen: string[] = []
  const { virtualMs } = await inApplication(async () => {
    clearOfModule(setTimeout(() => seen.push('cleared'), 10))
    const abort = new AbortController()
    setTimeout(() => abort.abort(), 500)
    await sleep(1000, undefined, { signal: abort.signal }).catch(() => seen.push('aborted'))
  })
  expect(seen).toEqual(['aborted'])
  expect(virtualMs).toBe(500)
})

test('inside, the clocks are virtual; outside, they and the timers are real', async () => {
  const seen: unknown[] = []
  await inApplication(async () => {
    const [date, monotonic] = [Date.now(), performance.now()]
    await sleep(3_600_000 - 1)
    seen.push(Date.now() - date, performance.now() - monotonic, new Date().getUTCFullYear(), new Date(0).getTime())
  })
  expect(seen).toEqual([3_599_999, 3_599_999, 2026, 0])
  expect(new Date() instanceof Date).toBe(true)
  const before = Date.now()
  await new Promise((resolve) => setTimeout(resolve, 5))
  expect(Date.now() - before).toBeLessThan(5000)
  expect(new Date().getUTCFullYear()).toBe(new Date(before).getUTCFullYear())
})

test('a second copy of the test kit in the process serves the applications of the first, and the other way round', async () => {
  vi.resetModules()
  const { exchange: exchangeOfCopy } = await import('../index.ts')
  expect(exchangeOfCopy).not.toBe(exchange)
  for (const each of [exchangeOfCopy, exchange, exchangeOfCopy])
    expect(await inApplication(() => sleep(60_000), each)).toMatchObject({ virtualMs: 60_000 })
})

test('a timer of one copy is cleared by the other', async () => {
  const ofFirst = globalThis.setTimeout
  vi.resetModules()
  const { exchange: exchangeOfCopy } = await import('../index.ts')
  exchangeOfCopy({})
  expect(globalThis.setTimeout).not.toBe(ofFirst)
  const seen: string[] = []
  await inApplication(async () => {
    clearTimeout(ofFirst(() => seen.push('cleared'), 1000))
    await sleep(60_000)
  }, exchangeOfCopy)
  expect(seen).toEqual([])
})

test('an application that never goes on is named with its line', async () => {
  const pbx = exchange(
    inbound(async (channel) => {
      await channel.answer()
      setInterval(() => {}, 500_000)
      await new Promise(() => {})
    }),
  )
  const alice = pbx.phone('alice')
  await alice.call('1')
  await expect(pbx.done()).rejects.toThrow(/a timer of the application \(.*app-timers\.test\.ts:\d+:\d+\)/)
})

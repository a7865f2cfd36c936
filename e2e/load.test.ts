import { afterAll, beforeAll, expect, test } from 'vitest'
import { TestExchange } from './harness/exchange.ts'
import { LoopbackNetwork } from './harness/loopback.ts'
import { describeWith } from './harness/programs.ts'
import { Sipp, type SippResult } from './harness/sipp.ts'

const MEBIBYTE = 1024 * 1024

describeWith('sipp')('load', () => {
  const network = new LoopbackNetwork()
  let exchange: TestExchange

  beforeAll(async () => {
    exchange = await TestExchange.start({
      address: network.next(),
      services: { load: 'answer-quietly' },
      log: { level: 'warn', pretty: false },
    })
  })

  afterAll(async () => {
    await exchange?.stop()
  })

  /** SIPp's own caller, with a session description, at 100 calls a second of 2 s each. */
  function load(calls: number): Promise<SippResult> {
    return Sipp.run({
      scenario: 'uac',
      address: network.next(),
      callee: `${exchange.address}:5060`,
      user: 'load',
      calls,
      ratePerSecond: 100,
      maxCallsAtATime: 400,
      pauseMs: 2000,
      timeoutSeconds: 100,
      trace: false,
    })
  }

  test('100 calls a second for 60 s, 2 s each: none fails, nothing is left behind, the heap is flat', async () => {
    const idle = await exchange.memory()
    // The first calls compile code and fill caches; the heap is measured after them.
    expect(await load(500)).toMatchObject({ exitCode: 0, successful: 500, failed: 0 })
    await exchange.untilEmpty()
    const before = await exchange.memory()

    const running = load(6000)
    await expect.poll(() => exchange.mediaPorts().length, { timeout: 20_000 }).toBeGreaterThan(150)
    const result = await running
    expect(result).toMatchObject({ exitCode: 0, successful: 6000, failed: 0, errors: '' })

    await exchange.untilEmpty()
    expect(exchange.mediaPorts()).toEqual([])
    const counters = await exchange.counters()
    expect(counters).toMatchObject({ legsOpened: 6500 })
    for (const unwanted of ['legsFailed', 'timeouts', 'transportErrors', 'callsRefusedFull', 'sendErrors'])
      expect(counters[unwanted] ?? 0, unwanted).toBe(0)

    const after = await exchange.memory()
    expect(after.heapUsed - before.heapUsed).toBeLessThan(4 * MEBIBYTE)
    // The allocators give pages back in their own time.
    await expect
      .poll(async () => (await exchange.memory()).rss - idle.rss, { timeout: 30_000, interval: 1000 })
      .toBeLessThan(50 * MEBIBYTE)
  })
})

import { afterAll, beforeAll, expect, test } from 'vitest'
import { cpuMsOf } from './harness/child.ts'
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

  /** SIPp's own caller, with a session description: calls of 2 s each. */
  function load(calls: number, ratePerSecond: number): Promise<SippResult> {
    return Sipp.run({
      scenario: 'uac',
      address: network.next(),
      callee: `${exchange.address}:5060`,
      user: 'load',
      calls,
      ratePerSecond,
      maxCallsAtATime: 4 * ratePerSecond,
      pauseMs: 2000,
      timeoutSeconds: 100,
      trace: false,
    })
  }

  test('300 calls a second for 60 s, 2 s each: none fails, nothing is left behind, the heap is flat', async () => {
    const idle = await exchange.memory()
    // The first calls compile code and fill caches; the heap is measured after them.
    expect(await load(500, 100)).toMatchObject({ exitCode: 0, successful: 500, failed: 0, errors: '' })
    await exchange.untilEmpty()
    const before = await exchange.memory()

    const retransmissions: number[] = []
    const cpuMsBefore = cpuMsOf(exchange.pid)
    for (let third = 0; third < 3; third++) {
      const running = load(6000, 300)
      await expect.poll(() => exchange.mediaPorts().length, { timeout: 20_000 }).toBeGreaterThan(300)
      const result = await running
      // SIPp also complains of answers that come twice because it has asked twice.
      expect(result).toMatchObject({ exitCode: 0, successful: 6000, failed: 0 })
      retransmissions.push(result.retransmissions)
    }
    const cpuMs = (cpuMsOf(exchange.pid) - cpuMsBefore) / 18_000
    console.log(
      `${cpuMs.toFixed(2)} ms of CPU a call; sent again by SIPp: ${retransmissions.join(', ')} in 6000 calls each`,
    )
    // What is sent again because we are slow makes us slower: then each third has many times more than the one before.
    expect(retransmissions[2]).toBeLessThan(retransmissions[0]! + 300)

    await exchange.untilEmpty()
    expect(exchange.mediaPorts()).toEqual([])
    const counters = await exchange.counters()
    expect(counters).toMatchObject({ legsOpened: 18_500 })
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

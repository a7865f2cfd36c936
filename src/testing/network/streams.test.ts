import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { concatBytes, utf8Decode, utf8Encode } from '../../kit/index.ts'
import { VirtualClock } from '../clock/virtual-clock.ts'
import type { LinkConditions } from './conditions.ts'
import { Hosts } from './hosts.ts'
import { SimulatedNetwork } from './simulated-network.ts'
import type { SimulatedStream } from './stream.ts'

function setUp(conditions: Partial<LinkConditions> = {}, seed = 1) {
  const clock = new VirtualClock()
  const network = new SimulatedNetwork({ seed, conditions })
  const hosts = new Hosts(clock, network, () => {})
  return { clock, network, client: hosts.host('10.0.0.1'), server: hosts.host('10.0.0.2') }
}

/** A log of what happens to one end. */
function logger(log: string[], name: string, clock: VirtualClock) {
  return {
    onOpen: () => log.push(`${name} open ${clock.now}`),
    onData: (bytes: Uint8Array) => log.push(`${name} ${utf8Decode(bytes)}`),
    onClosed: (reason: string) => log.push(`${name} ${reason}`),
  }
}

const AT = { address: '10.0.0.2', port: 5060 }

describe('streams', () => {
  test('connect, talk both ways, close', async () => {
    const { clock, client, server } = setUp({ latencyMs: 10 })
    const log: string[] = []
    server.listen(5060, (stream) => ({
      ...logger(log, 'server', clock),
      onData: (bytes) => {
        log.push(`server ${utf8Decode(bytes)} from ${stream.remote.address}`)
        stream.write(utf8Encode('b'))
      },
    }))
    const stream = client.connect(AT, logger(log, 'client', clock))
    stream.write(utf8Encode('a'))
    await clock.runUntilIdle()
    stream.end()
    await clock.runUntilIdle()
    expect(log).toEqual(['server a from 10.0.0.1', 'client open 20', 'client b', 'server ended'])
    expect([client.openStreams, server.openStreams]).toEqual([0, 0])
  })

  test('bytes arrive complete and in order, in other pieces, whatever the link does to packets', async () => {
    const parts = fc.array(fc.uint8Array({ minLength: 1, maxLength: 4000 }), { minLength: 1, maxLength: 8 })
    await fc.assert(
      fc.asyncProperty(fc.integer(), parts, async (seed, written) => {
        const { clock, client, server } = setUp({ latencyMs: 5, jitterMs: 50, loss: 0.2, reorder: 0.2 }, seed)
        const read: Uint8Array[] = []
        let closed = false
        server.listen(5060, () => ({
          onData: (bytes) => read.push(bytes.slice()),
          onClosed: () => {
            closed = true
          },
        }))
        const stream = client.connect(AT, { onData() {} })
        for (const part of written) stream.write(part)
        stream.end()
        await clock.runUntilIdle()
        expect(concatBytes(...read)).toEqual(concatBytes(...written))
        expect(closed).toBe(true)
      }),
      { numRuns: 50 },
    )
  })

  test('cuts one write into several reads, and joins several writes into one', async () => {
    const { clock, client, server } = setUp()
    const reads: number[] = []
    server.listen(5060, () => ({ onData: (bytes) => reads.push(bytes.length) }))
    const stream = client.connect(AT, { onData() {} })
    stream.write(new Uint8Array(20_000))
    await clock.runUntilIdle()
    expect(reads.length).toBeGreaterThan(5)
    reads.length = 0
    for (let i = 0; i < 50; i++) stream.write(Uint8Array.of(i))
    await clock.runUntilIdle()
    expect(reads.length).toBeLessThan(50)
    expect(reads.reduce((sum, length) => sum + length, 0)).toBe(50)
  })

  test('nobody listens: refused; no such host: timeout', async () => {
    const { clock, client } = setUp()
    const log: string[] = []
    client.connect(AT, logger(log, 'a', clock))
    client.connect({ address: '10.9.9.9', port: 5060 }, logger(log, 'b', clock))
    await clock.runUntilIdle()
    expect(log).toEqual(['a refused', 'b timeout'])
    expect(client.openStreams).toBe(0)
  })

  test('reset tears the other end down; what comes for a closed end is dropped', async () => {
    const { clock, client, server } = setUp({ latencyMs: 10 })
    const log: string[] = []
    const accepted: SimulatedStream[] = []
    server.listen(5060, (stream) => {
      accepted.push(stream)
      return logger(log, 'server', clock)
    })
    const first = client.connect(AT, logger(log, 'first', clock))
    const second = client.connect(AT, logger(log, 'second', clock))
    await clock.runUntilIdle()
    log.length = 0
    accepted[0].reset()
    second.end()
    accepted[1].write(utf8Encode('too late'))
    await clock.runUntilIdle()
    expect(log.toSorted()).toEqual(['first reset', 'server ended'])
    first.write(utf8Encode('into the void'))
    await clock.runUntilIdle()
    expect([client.openStreams, server.openStreams]).toEqual([0, 0])
  })

  test('after it stops listening, connections that stand live on', async () => {
    const { clock, client, server } = setUp()
    const log: string[] = []
    const stop = server.listen(5060, () => logger(log, 'server', clock))
    const stream = client.connect(AT, logger(log, 'old', clock))
    await clock.runUntilIdle()
    stop()
    client.connect(AT, logger(log, 'new', clock))
    stream.write(utf8Encode('still here'))
    await clock.runUntilIdle()
    expect(log.join()).toContain('new refused')
    expect(log.filter((line) => line.startsWith('server')).join('')).toContain('still')
  })
})

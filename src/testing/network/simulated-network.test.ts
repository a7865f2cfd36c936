import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { utf8Decode, utf8Encode } from '../../kit/index.ts'
import { VirtualClock } from '../clock/virtual-clock.ts'
import { burstLoss, type LinkConditions } from './conditions.ts'
import { Hosts } from './hosts.ts'
import { SimulatedNetwork } from './simulated-network.ts'

function setUp(conditions: Partial<LinkConditions> = {}, seed = 1) {
  const clock = new VirtualClock()
  const network = new SimulatedNetwork({ seed, conditions })
  const hosts = new Hosts(clock, network, () => {})
  const a = hosts.host('10.0.0.1')
  const b = hosts.host('10.0.0.2')
  return { clock, network, hosts, a, b }
}

/** Sends `count` numbered packets, `everyMs` apart, from a to b; returns [number, arrival] in order of arrival. */
async function stream(conditions: Partial<LinkConditions>, count: number, everyMs: number, seed = 1) {
  const world = setUp(conditions, seed)
  const arrived: [number, number][] = []
  const socket = world.a.bindUdp(5000, { onDatagram() {} })
  const at = world.b.bindUdp(6000, {
    onDatagram: (bytes) => arrived.push([Number(utf8Decode(bytes)), world.clock.now]),
  })
  for (let i = 0; i < count; i++) world.clock.after(i * everyMs, () => socket.send(utf8Encode(String(i)), at.local))
  await world.clock.runUntilIdle()
  return { ...world, arrived }
}

const numbers = (arrived: readonly [number, number][]) => arrived.map(([number]) => number)

describe('datagrams', () => {
  test('arrive after the latency, with the addresses of both ends', async () => {
    const { clock, a, b } = setUp({ latencyMs: 25 })
    const seen: unknown[] = []
    const to = b.bindUdp(5060, { onDatagram: (bytes, from) => seen.push([utf8Decode(bytes), from, clock.now]) })
    a.bindUdp(5070, { onDatagram() {} }).send(utf8Encode('hello'), to.local)
    await clock.runUntilIdle()
    expect(seen).toEqual([['hello', { address: '10.0.0.1', port: 5070 }, 25]])
  })

  test('jitter alone delays but never reorders', async () => {
    const { arrived } = await stream({ latencyMs: 10, jitterMs: 100 }, 500, 20)
    expect(numbers(arrived)).toEqual([...Array(500).keys()])
    const delays = arrived.map(([number, at]) => at - number * 20)
    expect(Math.min(...delays)).toBeGreaterThanOrEqual(10)
    expect(Math.max(...delays)).toBeGreaterThan(90)
    expect(Math.max(...delays)).toBeLessThan(110)
  })

  test('independent loss comes near its rate', async () => {
    const { arrived, network } = await stream({ loss: 0.1 }, 10_000, 1)
    expect(arrived.length / 10_000).toBeGreaterThan(0.88)
    expect(arrived.length / 10_000).toBeLessThan(0.92)
    expect(network.counters.get('lost')).toBe(10_000 - arrived.length)
  })

  test('burst loss keeps its rate and the mean length of its bursts', async () => {
    const { arrived } = await stream({ loss: burstLoss(0.05, 5) }, 40_000, 1)
    const bursts: number[] = []
    let expected = 0
    for (const number of numbers(arrived)) {
      if (number > expected) bursts.push(number - expected)
      expected = number + 1
    }
    const lost = bursts.reduce((sum, length) => sum + length, 0)
    expect(lost / 40_000).toBeGreaterThan(0.04)
    expect(lost / 40_000).toBeLessThan(0.06)
    expect(lost / bursts.length).toBeGreaterThan(4)
    expect(lost / bursts.length).toBeLessThan(6)
  })

  test('a reordered packet is overtaken; nothing is lost', async () => {
    const { arrived, network } = await stream({ reorder: 0.1, reorderByMs: 50 }, 1000, 20)
    expect(numbers(arrived)).not.toEqual([...Array(1000).keys()])
    expect(numbers(arrived).toSorted((x, y) => x - y)).toEqual([...Array(1000).keys()])
    expect(network.counters.get('reordered')).toBeGreaterThan(70)
  })

  test('duplication delivers twice', async () => {
    const { arrived, network } = await stream({ duplicate: 0.2 }, 1000, 20)
    const duplicated = network.counters.get('duplicated')
    expect(duplicated).toBeGreaterThan(150)
    expect(arrived.length).toBe(1000 + duplicated)
  })

  test('a slow line spaces packets out and drops at the tail of its queue', async () => {
    // 100 bytes with headers at 8,000 bit/s are 100 ms on the line; the queue holds three.
    const { clock, network, a, b } = setUp({ latencyMs: 0, bitsPerSecond: 8000, queueBytes: 300 })
    const times: number[] = []
    const to = b.bindUdp(6000, { onDatagram: () => times.push(clock.now) })
    const socket = a.bindUdp(5000, { onDatagram() {} })
    for (let i = 0; i < 5; i++) socket.send(new Uint8Array(72), to.local)
    await clock.runUntilIdle()
    expect(times).toEqual([100, 200, 300])
    expect(network.counters.get('queueFull')).toBe(2)
  })

  test('what exceeds the MTU is lost', async () => {
    const { clock, network, a, b } = setUp({ mtuBytes: 1500 })
    const lengths: number[] = []
    const to = b.bindUdp(6000, { onDatagram: (bytes) => lengths.push(bytes.length) })
    const socket = a.bindUdp(5000, { onDatagram() {} })
    socket.send(new Uint8Array(1472), to.local)
    socket.send(new Uint8Array(1473), to.local)
    await clock.runUntilIdle()
    expect(lengths).toEqual([1472])
    expect(network.counters.get('tooLong')).toBe(1)
  })

  test('a port that nobody has bound is reported back; an address that does not exist is silent', async () => {
    const { clock, network, a } = setUp({ latencyMs: 5 })
    const reports: unknown[] = []
    const socket = a.bindUdp(5000, {
      onDatagram: () => expect.unreachable(),
      onUnreachable: (about) => reports.push([about, clock.now]),
    })
    socket.send(utf8Encode('x'), { address: '10.0.0.2', port: 9 })
    socket.send(utf8Encode('x'), { address: '10.9.9.9', port: 9 })
    await clock.runUntilIdle()
    expect(reports).toEqual([[{ address: '10.0.0.2', port: 9 }, 10]])
    expect(network.counters.snapshot()).toEqual({ noHost: 1, sent: 2, unreachable: 1 })
  })

  test('the most specific conditions hold', async () => {
    const { clock, network, hosts, a, b } = setUp({ latencyMs: 10 })
    const c = hosts.host('10.0.0.3')
    network.setConditions({ latencyMs: 20 }, { from: a.address })
    network.setConditions({ latencyMs: 40 }, { to: c.address })
    network.setConditions({ latencyMs: 80 }, { from: a.address, to: c.address })
    const seen: string[] = []
    const sockets = [a, b, c].map((host) =>
      host.bindUdp(5000, {
        onDatagram: (_, from) => seen.push(`${from.address.at(-1)}>${host.address.at(-1)} ${clock.now}`),
      }),
    )
    for (const from of sockets) for (const to of sockets) if (from !== to) from.send(utf8Encode('x'), to.local)
    await clock.runUntilIdle()
    expect(seen.toSorted()).toEqual(['1>2 20', '1>3 80', '2>1 10', '2>3 40', '3>1 10', '3>2 10'])
  })

  test('a closed socket neither sends nor receives, and its port is free again', async () => {
    const { clock, network, a, b } = setUp()
    const first = b.bindUdp(6000, { onDatagram: () => expect.unreachable() })
    expect(() => b.bindUdp(6000, { onDatagram() {} })).toThrow('taken')
    first.close()
    a.bindUdp(5000, { onDatagram() {} }).send(utf8Encode('x'), first.local)
    first.send(utf8Encode('x'), { address: a.address, port: 5000 })
    await clock.runUntilIdle()
    expect(network.counters.get('sent')).toBe(1)
    expect(b.bindUdp(6000, { onDatagram() {} }).local.port).toBe(6000)
  })
})

describe('determinism', () => {
  const conditions: Partial<LinkConditions> = {
    latencyMs: 20,
    jitterMs: 30,
    loss: burstLoss(0.1, 3),
    reorder: 0.05,
    duplicate: 0.05,
  }

  test('the same seed takes the same course, another seed another', async () => {
    const hash = async (seed: number) => (await stream(conditions, 300, 20, seed)).network.traceHash
    expect(await hash(7)).toBe(await hash(7))
    expect(await hash(7)).not.toBe(await hash(8))
  })

  test('traffic on one link does not change the fate of another', async () => {
    const fates = async (withOther: boolean) => {
      const { clock, hosts, a, b } = setUp(conditions, 3)
      const seen: string[] = []
      const to = b.bindUdp(6000, { onDatagram: (bytes) => seen.push(`${utf8Decode(bytes)} ${clock.now}`) })
      const other = hosts.host('10.0.0.3').bindUdp(5000, { onDatagram() {} })
      const socket = a.bindUdp(5000, { onDatagram() {} })
      for (let i = 0; i < 100; i++) {
        clock.after(i * 20, () => socket.send(utf8Encode(String(i)), to.local))
        if (withOther) clock.after(i * 20, () => other.send(utf8Encode('noise'), { address: a.address, port: 5000 }))
      }
      await clock.runUntilIdle()
      return seen
    }
    expect(await fates(true)).toEqual(await fates(false))
  })

  test('whatever the conditions: every packet is delivered or counted as dropped', async () => {
    const probability = fc.double({ min: 0, max: 1, noNaN: true })
    await fc.assert(
      fc.asyncProperty(fc.integer(), probability, probability, probability, async (seed, loss, reorder, duplicate) => {
        const { network } = await stream({ loss, reorder, duplicate, jitterMs: 50 }, 50, 20, seed)
        const count = (name: Parameters<typeof network.counters.get>[0]) => network.counters.get(name)
        expect(count('delivered')).toBe(50 - count('lost') + count('duplicated'))
        expect(network.inFlight).toBe(0)
      }),
      { numRuns: 30 },
    )
  })
})

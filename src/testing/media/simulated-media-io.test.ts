import { expect, test } from 'vitest'
import { simulate } from '../simulation.ts'
import { SimulatedMediaIo, type SimulatedMediaIoOptions } from './simulated-media-io.ts'

function setUp(options?: SimulatedMediaIoOptions) {
  const sim = simulate()
  const a = new SimulatedMediaIo(sim.host('10.0.0.1'), options)
  const b = new SimulatedMediaIo(sim.host('10.0.0.2'), options)
  return { sim, a, b }
}

/** Opens a leg and returns its port. */
function open(io: SimulatedMediaIo, leg: number, address: string): number {
  io.open(leg, address)
  const event = io.poll()
  if (event?.type !== 'bound') throw new Error(`not bound: ${JSON.stringify(event)}`)
  return event.port
}

test('a datagram goes from leg to leg, with its sender', async () => {
  const { sim, a, b } = setUp()
  const portA = open(a, 1, '10.0.0.1')
  const portB = open(b, 7, '10.0.0.2')
  expect(portA % 2).toBe(0)
  const packet = Uint8Array.of(0x80, 0, 1, 2, 3, 4)
  expect(a.send(1, packet, 4, '10.0.0.2', portB)).toBe(true)
  packet.fill(0)
  const into = new Uint8Array(100)
  expect(b.receive(7, into)).toBe(-1)
  await sim.clock.runUntilIdle()
  expect(b.receive(7, into)).toBe(4)
  expect([...into.subarray(0, 4)]).toEqual([0x80, 0, 1, 2])
  expect(b.source).toEqual({ address: '10.0.0.1', port: portA })
  expect(b.receive(7, into)).toBe(-1)
})

test('a datagram that is longer than the buffer is cut', async () => {
  const { sim, a, b } = setUp()
  open(a, 1, '10.0.0.1')
  const port = open(b, 1, '10.0.0.2')
  a.send(1, new Uint8Array(50).fill(7), 50, '10.0.0.2', port)
  await sim.clock.runUntilIdle()
  const into = new Uint8Array(20)
  expect(b.receive(1, into)).toBe(20)
  expect(into.every((byte) => byte === 7)).toBe(true)
})

test('each leg has a port of its own; a closed one takes and sends nothing', async () => {
  const { sim, a, b } = setUp()
  open(a, 1, '10.0.0.1')
  const ports = [open(b, 1, '10.0.0.2'), open(b, 2, '10.0.0.2')]
  expect(new Set(ports).size).toBe(2)
  b.close(1)
  expect(b.openLegs).toBe(1)
  for (const port of ports) a.send(1, Uint8Array.of(1), 1, '10.0.0.2', port)
  expect(b.send(1, Uint8Array.of(1), 1, '10.0.0.1', 4000)).toBe(false)
  await sim.clock.runUntilIdle()
  const into = new Uint8Array(10)
  expect(b.receive(1, into)).toBe(-1)
  expect(b.receive(2, into)).toBe(1)
  expect(sim.network.counters.get('unreachable')).toBe(1)
})

test('what is not received in time is dropped and counted', async () => {
  const { sim, a, b } = setUp({ receiveQueue: 3 })
  open(a, 1, '10.0.0.1')
  const port = open(b, 1, '10.0.0.2')
  for (let i = 0; i < 5; i++) a.send(1, Uint8Array.of(i), 1, '10.0.0.2', port)
  await sim.clock.runUntilIdle()
  const into = new Uint8Array(1)
  const got: number[] = []
  while (b.receive(1, into) > 0) got.push(into[0])
  expect(got).toEqual([0, 1, 2])
  expect(b.counters.get('queueFull')).toBe(2)
})

test.each([
  ['an address that is not the host’s', 1, '10.0.0.9', 'no address of this host'],
  ['a leg that is open already', 5, '10.0.0.1', 'open already'],
  ['more ports than there are', 6, '10.0.0.1', 'no free port'],
])('%s fails to open', (_, leg, address, reason) => {
  const { a } = setUp({ maxPorts: 2 })
  open(a, 5, '10.0.0.1')
  if (leg === 6) open(a, 4, '10.0.0.1')
  a.open(leg, address)
  expect(a.poll()).toEqual({ type: 'failed', leg, reason: expect.stringContaining(reason) })
  expect(a.poll()).toBeUndefined()
})

test('RTCP has the port above, and tells how long it has waited', async () => {
  const { sim, a, b } = setUp({ now: () => sim.now })
  const portA = open(a, 1, '10.0.0.1')
  const portB = open(b, 7, '10.0.0.2')
  expect(a.sendControl(1, Uint8Array.of(1), 1, '10.0.0.2', portB + 1)).toBe(false)
  a.openControl(1)
  b.openControl(7)
  expect(a.sendControl(1, Uint8Array.of(1), 1, '10.0.0.2', portB + 1)).toBe(true)
  await Promise.all([sim.clock.sleep(500), sim.clock.runUntilIdle()])
  const into = new Uint8Array(10)
  expect([b.receive(7, into), b.receiveControl(7, into)]).toEqual([-1, 1])
  expect(Math.abs(b.waitedMs - 500)).toBeLessThan(100)
  expect(b.source).toEqual({ address: '10.0.0.1', port: portA + 1 })
  const host = sim.host('10.0.0.1')
  expect(host.boundPorts).toBe(2)
  a.close(1)
  expect(host.boundPorts).toBe(0)
})

test('where another program has the port above, there is no RTCP', () => {
  const { sim, a } = setUp()
  const port = open(a, 1, '10.0.0.1')
  sim.host('10.0.0.1').bindUdp(port + 1, { onDatagram: () => {} })
  a.openControl(1)
  expect(a.sendControl(1, Uint8Array.of(1), 1, '10.0.0.2', 4000)).toBe(false)
  expect(a.receiveControl(1, new Uint8Array(10))).toBe(-1)
})

import { describe, expect, test } from 'vitest'
import { utf8Decode, utf8Encode } from '../../kit/index.ts'
import type { Peer } from '../../sip/index.ts'
import { type Simulation, simulate } from '../simulation.ts'
import { SipTransport } from './sip-transport.ts'

const MESSAGE = utf8Encode('OPTIONS sip:x SIP/2.0\r\nCall-ID: 1\r\nContent-Length: 4\r\n\r\nbody')

/** A transport at an address, with a log of what it hears. */
function transportAt(sim: Simulation, address: string) {
  const heard: string[] = []
  const from: Peer[] = []
  const transport = new SipTransport(
    sim.host(address),
    {
      onMessage: (bytes, peer) => {
        heard.push(utf8Decode(bytes).split('\r\n')[0])
        from.push(peer)
      },
      onSendFailed: (to, reason) => heard.push(`${to.transport} ${to.address}:${to.port} ${reason}`),
    },
    { resolve: (name) => sim.resolve(name) },
  )
  return { transport, heard, from }
}

function setUp() {
  const sim = simulate()
  return { sim, a: transportAt(sim, '10.0.0.1'), b: transportAt(sim, '10.0.0.2') }
}

const B = { address: '10.0.0.2', port: 5060 }

describe('SipTransport', () => {
  test('an answer goes back on the connection that the request came on', async () => {
    const { sim, a, b } = setUp()
    a.transport.send(MESSAGE, { transport: 'tcp', ...B })
    await sim.clock.runUntilIdle()
    expect(b.heard).toEqual(['OPTIONS sip:x SIP/2.0'])
    b.transport.send(MESSAGE, b.from[0])
    a.transport.send(MESSAGE, { transport: 'tcp', ...B })
    await sim.clock.runUntilIdle()
    expect(a.heard).toHaveLength(1)
    expect(b.heard).toHaveLength(2)
    expect([a.transport.connections, b.transport.connections]).toEqual([1, 1])
  })

  test('says what could not be sent', async () => {
    const { sim, a } = setUp()
    sim.host('10.0.0.3')
    for (const transport of ['udp', 'tcp'] as const) a.transport.send(MESSAGE, { transport, ...B, address: '10.0.0.3' })
    await sim.clock.runUntilIdle()
    expect(a.heard.toSorted()).toEqual(['tcp 10.0.0.3:5060 connection refused', 'udp 10.0.0.3:5060 port unreachable'])
    expect(a.transport.connections).toBe(0)
  })

  test('a connection whose framing is broken is torn down', async () => {
    const { sim, a, b } = setUp()
    a.transport.send(utf8Encode('OPTIONS sip:x SIP/2.0\r\nContent-Length: many\r\n\r\n'), { transport: 'tcp', ...B })
    await sim.clock.runUntilIdle()
    expect(a.heard).toEqual(['tcp 10.0.0.2:5060 the far end closed the connection without an answer'])
    expect([a.transport.connections, b.transport.connections]).toEqual([0, 0])
  })

  test('a ping is answered with a pong', async () => {
    const sim = simulate()
    const { transport } = transportAt(sim, '10.0.0.2')
    const read: string[] = []
    const stream = sim.host('10.0.0.1').connect(B, { onData: (bytes) => read.push(utf8Decode(bytes)) })
    stream.write(utf8Encode('\r\n\r\n'))
    await sim.clock.runUntilIdle()
    expect(read.join('')).toBe('\r\n')
    expect(transport.connections).toBe(1)
  })

  test('after close its ports are free and its connections gone', async () => {
    const { sim, a, b } = setUp()
    a.transport.send(MESSAGE, { transport: 'tcp', ...B })
    await sim.clock.runUntilIdle()
    b.transport.close()
    await sim.clock.runUntilIdle()
    expect([a.transport.connections, b.transport.connections]).toEqual([0, 0])
    expect(sim.host(B.address).boundPorts).toBe(0)
    expect(() => transportAt(sim, B.address)).not.toThrow()
  })

  test('names are resolved', async () => {
    const { sim, a, b } = setUp()
    sim.host('10.0.0.2', 'bob.test')
    a.transport.send(MESSAGE, { transport: 'udp', address: 'bob.test', port: 5060 })
    await sim.clock.runUntilIdle()
    expect(b.heard).toHaveLength(1)
  })
})

import { describe, expect, test } from 'vitest'
import { utf8Decode, utf8Encode } from '../../kit/index.ts'
import { VirtualClock } from '../clock/virtual-clock.ts'
import type { SocketAddress } from './address.ts'
import { Hosts } from './hosts.ts'
import type { NatKind } from './nat.ts'
import { SimulatedNetwork } from './simulated-network.ts'

const PUBLIC = '203.0.113.1'

/** alice (192.168.1.2) stands behind a NAT; carol and dave are outside. Whatever alice hears is in `heard`. */
function setUp(kind: NatKind, mappingTimeoutMs?: number) {
  const clock = new VirtualClock()
  const network = new SimulatedNetwork({ seed: 1 })
  const hosts = new Hosts(clock, network, () => {})
  const inside = ['192.168.1.2', '192.168.1.3']
  network.addNat({ kind, publicAddress: PUBLIC, inside, ...(mappingTimeoutMs !== undefined && { mappingTimeoutMs }) })
  const heard: string[] = []
  const seenBy: Record<string, SocketAddress> = {}
  const alice = hosts.host('192.168.1.2').bindUdp(5060, { onDatagram: (bytes) => heard.push(utf8Decode(bytes)) })
  const outside = (name: string, address: string, port: number) =>
    hosts.host(address).bindUdp(port, {
      onDatagram: (_, from) => {
        seenBy[name] = from
      },
    })
  const carol = outside('carol', '198.51.100.1', 5060)
  const carol2 = outside('carol2', '198.51.100.1', 5062)
  const dave = outside('dave', '198.51.100.2', 5060)
  const hello = utf8Encode('hello')
  return { clock, network, hosts, alice, carol, carol2, dave, heard, seenBy, hello }
}

describe('NAT', () => {
  test('the outside sees the public address and answers to it', async () => {
    const { clock, alice, carol, heard, seenBy, hello } = setUp('port-restricted-cone')
    alice.send(hello, carol.local)
    await clock.runUntilIdle()
    expect(seenBy.carol).toEqual({ address: PUBLIC, port: 40_000 })
    carol.send(utf8Encode('welcome'), seenBy.carol)
    await clock.runUntilIdle()
    expect(heard).toEqual(['welcome'])
  })

  test.each([
    ['full-cone', ['carol', 'carol2', 'dave']],
    ['restricted-cone', ['carol', 'carol2']],
    ['port-restricted-cone', ['carol']],
    ['symmetric', ['carol']],
  ] as const)('a %s lets in %j after alice has written to carol', async (kind, let_in) => {
    const { clock, network, alice, carol, carol2, dave, heard, seenBy, hello } = setUp(kind)
    alice.send(hello, carol.local)
    await clock.runUntilIdle()
    for (const [name, socket] of Object.entries({ carol, carol2, dave })) socket.send(utf8Encode(name), seenBy.carol)
    await clock.runUntilIdle()
    expect(heard).toEqual(let_in)
    expect(network.counters.get('natFiltered')).toBe(3 - let_in.length)
  })

  test.each([
    ['port-restricted-cone', true],
    ['symmetric', false],
  ] as const)('a %s shows one port to everybody: %s', async (kind, same) => {
    const { clock, alice, carol, dave, seenBy, hello } = setUp(kind)
    alice.send(hello, carol.local)
    alice.send(hello, dave.local)
    await clock.runUntilIdle()
    expect(seenBy.carol.port === seenBy.dave.port).toBe(same)
  })

  test('a mapping that is not used is forgotten, one that is used lives on', async () => {
    const { clock, alice, carol, heard, seenBy, hello } = setUp('full-cone', 30_000)
    alice.send(hello, carol.local)
    await clock.runFor(25_000)
    alice.send(hello, carol.local)
    await clock.runFor(25_000)
    carol.send(utf8Encode('in time'), seenBy.carol)
    await clock.runFor(10_000)
    carol.send(utf8Encode('too late'), seenBy.carol)
    await clock.runUntilIdle()
    expect(heard).toEqual(['in time'])
    const before = seenBy.carol.port
    alice.send(hello, carol.local)
    await clock.runUntilIdle()
    expect(seenBy.carol.port).not.toBe(before)
  })

  test('private addresses are unknown outside, and reach each other inside', async () => {
    const { clock, network, hosts, alice, carol, heard, hello } = setUp('full-cone')
    carol.send(hello, alice.local)
    const bob = hosts.host('192.168.1.3').bindUdp(5060, { onDatagram() {} })
    bob.send(utf8Encode('neighbour'), alice.local)
    await clock.runUntilIdle()
    expect(heard).toEqual(['neighbour'])
    expect(network.counters.get('noHost')).toBe(1)
  })

  test('a host inside can reach its neighbour through the public address (hairpin)', async () => {
    const { clock, hosts, alice, carol, heard, seenBy, hello } = setUp('full-cone')
    alice.send(hello, carol.local)
    await clock.runUntilIdle()
    const bob = hosts.host('192.168.1.3').bindUdp(5060, { onDatagram() {} })
    bob.send(utf8Encode('by the long way'), seenBy.carol)
    await clock.runUntilIdle()
    expect(heard).toEqual(['by the long way'])
  })

  test('an unreachable port outside is reported to the host inside', async () => {
    const { clock, hosts } = setUp('symmetric')
    const reports: SocketAddress[] = []
    const socket = hosts
      .host('192.168.1.3')
      .bindUdp(7000, { onDatagram() {}, onUnreachable: (about) => reports.push(about) })
    socket.send(utf8Encode('x'), { address: '198.51.100.1', port: 9 })
    await clock.runUntilIdle()
    expect(reports).toEqual([{ address: '198.51.100.1', port: 9 }])
  })
})

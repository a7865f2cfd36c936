import { isIPv6 } from 'node:net'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { SocketAddress } from './socket-address.ts'

const hex = (bytes: Uint8Array): string => [...bytes].map((octet) => octet.toString(16).padStart(2, '0')).join('')

/** What another reads from what one has written. */
function passed(family: 4 | 6, address: string, port: number): SocketAddress {
  const from = new SocketAddress(family)
  const to = new SocketAddress(family)
  expect(from.set(address, port)).toBe(true)
  to.bytes.set(from.bytes)
  to.read()
  return to
}

describe('SocketAddress', () => {
  it('is laid out as the kernel has it', () => {
    const four = new SocketAddress(4)
    four.set('192.0.2.7', 5004)
    expect(hex(four.bytes.subarray(0, four.length))).toBe('0200138cc00002070000000000000000')
    const six = new SocketAddress(6)
    six.set('2001:db8::7', 5004)
    expect(hex(six.bytes.subarray(0, six.length))).toBe('0a00138c0000000020010db800000000000000000000000700000000')
  })

  it.each([
    ['::', '::'],
    ['::1', '::1'],
    ['1::', '1::'],
    ['2001:DB8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['::ffff:192.0.2.1', '::ffff:c000:201'],
    ['fe80::1:2:3:4', 'fe80::1:2:3:4'],
  ])('writes %s as %s', (address, text) => {
    expect(passed(6, address, 9).address).toBe(text)
  })

  it('takes another port of the same address, and another address after that', () => {
    const to = new SocketAddress(4)
    const set = (address: string, port: number): string => `${to.set(address, port)} ${hex(to.bytes.subarray(2, 8))}`
    expect(set('192.0.2.7', 5004)).toBe('true 138cc0000207')
    expect(set('192.0.2.7', 5006)).toBe('true 138ec0000207')
    expect([set('192.0.2.7', 0), set('192.0.2.7', 65_536), set('::1', 5006)]).toEqual(
      Array(3).fill('false 138ec0000207'),
    )
    expect([to.address, to.port]).toEqual(['192.0.2.7', 5006])
    expect(set('192.0.2.8', 5006)).toBe('true 138ec0000208')
  })

  it('gives back every address that it was given', () => {
    fc.assert(
      fc.property(fc.ipV4(), fc.integer({ min: 1, max: 65_535 }), (address, port) => {
        expect(passed(4, address, port)).toMatchObject({ address, port })
      }),
    )
    fc.assert(
      fc.property(fc.ipV6(), (address) => {
        const { address: text } = passed(6, address, 4000)
        expect(isIPv6(text)).toBe(true)
        const [one, other] = [new SocketAddress(6), new SocketAddress(6)]
        one.set(address, 4000)
        other.set(text, 4000)
        expect(hex(other.bytes)).toBe(hex(one.bytes))
      }),
    )
  })

  it('refuses what is no address of its family, or no port, and stays as it is', () => {
    const address = new SocketAddress(4)
    address.set('127.0.0.1', 4000)
    for (const [text, port] of [
      ['::1', 1],
      ['localhost', 1],
      ['127.0.0.1', 0],
      ['127.0.0.1', 65_536],
    ] as const)
      expect(address.set(text, port)).toBe(false)
    expect(new SocketAddress(6).set('fe80::1%lo', 4000)).toBe(false)
    expect(address).toMatchObject({ address: '127.0.0.1', port: 4000 })
  })
})

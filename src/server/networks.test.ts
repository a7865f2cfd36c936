import { describe, expect, it } from 'vitest'
import { Networks } from './networks.ts'

const network = (address: string, ...ranges: string[]) => ({ ranges, address, mediaAddress: address })
const networks = new Networks([
  network('10.0.0.7', '10.0.0.0/8', 'fd00::/8'),
  network('192.168.1.7', '192.168.1.5', '10.2.0.0/16'),
])

describe('Networks', () => {
  it.each([
    ['10.255.255.255', '10.0.0.7'],
    ['10.2.0.1', '10.0.0.7'],
    ['fd12::1', '10.0.0.7'],
    ['192.168.1.5', '192.168.1.7'],
    ['192.168.1.6', undefined],
    ['11.0.0.1', undefined],
    ['2001:db8::1', undefined],
    ['pbx.example.net', undefined],
    [undefined, undefined],
  ])('%s is told %s: the first that holds it decides', (address, told) => {
    expect(networks.of(address)?.address).toBe(told)
  })
})

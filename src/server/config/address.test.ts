import { expect, it } from 'vitest'
import { familyOf, hostOf, isLoopback, isWildcard } from './address.ts'

it.each([
  ['127.0.0.1', true],
  ['127.10.0.9', true],
  ['127.example.net', false],
  ['192.0.2.1', false],
  ['::1', true],
  ['::ffff:127.0.0.1', true],
  ['::FFFF:127.0.0.1', true],
  ['::ffff:192.0.2.1', false],
  ['localhost', false],
])('knows whether only this machine can reach %s: %s', (address, expected) => {
  expect(isLoopback(address)).toBe(expected)
})

it.each([
  ['0.0.0.0', true],
  ['::', true],
  ['0:0:0:0:0:0:0:0', true],
  ['::1', false],
  ['0.0.0.1', false],
  ['0:0', false],
  ['example.net', false],
])('knows whether %s means every address: %s', (address, expected) => {
  expect(isWildcard(address)).toBe(expected)
})

it.each([
  ['192.0.2.1', 4, '192.0.2.1'],
  ['2001:db8::1', 6, '[2001:db8::1]'],
  ['example.net', 4, 'example.net'],
  ['host:5060', 4, 'host:5060'],
])('knows the family of %s, and how it stands in a URI', (address, family, host) => {
  expect(familyOf(address)).toBe(family)
  expect(hostOf(address)).toBe(host)
})

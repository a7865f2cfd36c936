import { expect, it } from 'vitest'
import { createRequest } from '../message/index.ts'
import { isBehindNat } from './behind-nat.ts'

function from(...vias: readonly string[]) {
  const request = createRequest('REGISTER', 'sip:example.com')
  for (const via of vias) request.headers.add('via', `SIP/2.0/UDP ${via};branch=z9hG4bK1`)
  return request
}

it.each([
  ['10.0.0.5', '198.51.100.7', true],
  ['192.168.1.2', '198.51.100.7', true],
  ['172.31.0.1', '172.17.0.1', true],
  ['100.64.3.3', '198.51.100.7', true],
  ['169.254.1.1', '198.51.100.7', true],
  ['[fd00::1]', '2001:db8::1', true],
  ['127.0.0.1', '198.51.100.7', true],
  ['q3jk4l.invalid', '198.51.100.7', true],
  ['10.0.0.5', '10.0.0.5', false],
  ['127.0.0.2', '127.0.0.1', false],
  ['203.0.113.9', '198.51.100.7', false],
  ['172.32.0.1', '198.51.100.7', false],
  ['100.128.0.1', '198.51.100.7', false],
  ['phone.example.com', '198.51.100.7', false],
  ['10.example.com', '198.51.100.7', false],
  ['fd.example.com', '198.51.100.7', false],
])('a Contact at %s seen from %s is behind a NAT: %s', (host, source, isBehind) => {
  expect(isBehindNat(from('10.0.0.5'), host, source)).toBe(isBehind)
})

it('a proxy on the way knows better', () => {
  expect(isBehindNat(from('198.51.100.7', '10.0.0.5'), '10.0.0.5', '198.51.100.7')).toBe(false)
})

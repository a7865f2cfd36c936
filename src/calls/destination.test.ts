import { expect, test } from 'vitest'
import { UsageError } from '../kit/index.ts'
import { resolveDestination } from './destination.ts'

const trunk = { name: 'carrier', uri: 'sip:gw.example.com:5070;transport=tcp', from: 'sip:100@example.com' }

test('a SIP URI goes where it says', () => {
  expect(resolveDestination('sip:1234@127.0.0.1:5060;user=phone', [])).toEqual({
    uri: 'sip:1234@127.0.0.1:5060;user=phone',
  })
})

test.each([
  ['+441632960001', 'sip:+441632960001@gw.example.com:5070;transport=tcp'],
  ['tel:+44-1632-960001;phone-context=x', 'sip:+441632960001@gw.example.com:5070;transport=tcp'],
  ['100*1#', 'sip:100*1%23@gw.example.com:5070;transport=tcp'],
])('%s goes through the trunk', (to, uri) => {
  expect(resolveDestination(to, [trunk])).toEqual({ uri, from: 'sip:100@example.com' })
})

test.each([
  ['1234', /no trunk is configured/],
  ['sip:', /not a valid SIP URI/],
  ['sip:a@b c', /not a valid SIP URI/],
  ['mailto:a@b', /expected a sip:/],
  ['', /expected a sip:/],
  ['service:x', /expected a sip:/],
])('%j is refused', (to, message) => {
  expect(() => resolveDestination(to, [])).toThrow(UsageError)
  expect(() => resolveDestination(to, [])).toThrow(message)
})

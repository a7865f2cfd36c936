import { expect, it } from 'vitest'
import { seededRandom } from '../kit/index.ts'
import { createRequest } from '../sip/index.ts'
import { authenticationOf } from './authentication.ts'
import { checkConfig } from './config/check.ts'
import type { RingdownConfig } from './config/config.ts'

const REGISTRAR = '192.0.2.9'

/** Whether a request of this method from this address has to show a password. */
function isAsked(config: RingdownConfig, method: string, address: string): boolean | undefined {
  const settings = checkConfig(config, '/')
  const { authentication } = authenticationOf(settings, seededRandom(1), (each) => each === REGISTRAR)
  const request = createRequest(method, 'sip:100@192.0.2.1')
  return authentication?.requires(request, { transport: 'udp', address, port: 5060 })
}

const users = [{ username: 'alice', password: 'wonder' }]
const trunks = [{ name: 'carrier', uri: 'sip:192.0.2.5', inbound: { addresses: ['192.0.2.5'] } }]

it.each([
  ['INVITE', '192.0.2.66', true],
  ['INVITE', '192.0.2.5', false],
  ['INVITE', REGISTRAR, false],
  ['REGISTER', '192.0.2.66', true],
  ['REGISTER', '192.0.2.5', true],
  ['REGISTER', REGISTRAR, true],
])('a %s from %s is asked for a password: %s', (method, address, isRequired) => {
  expect(isAsked({ users, trunks }, method, address)).toBe(isRequired)
})

it('strangers who may call may not register', () => {
  const config: RingdownConfig = { users, authentication: { strangers: 'allow' } }
  expect(isAsked(config, 'INVITE', '192.0.2.66')).toBe(false)
  expect(isAsked(config, 'REGISTER', '192.0.2.66')).toBe(true)
})

it('nobody is asked where nobody could answer and strangers may call', () => {
  expect(isAsked({ authentication: { strangers: 'allow' } }, 'INVITE', '192.0.2.66')).toBeUndefined()
})

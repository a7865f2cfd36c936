import { expect, it } from 'vitest'
import { seededRandom } from '../kit/index.ts'
import { createRequest, createResponse, DigestClient, type EndpointAuthentication } from '../sip/index.ts'
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

/** What becomes of a REGISTER with this password from this address. */
function reasonOf(
  authentication: EndpointAuthentication | undefined,
  username: string,
  password: string,
  address = '192.0.2.66',
): string {
  if (authentication === undefined) throw new Error('nobody is asked')
  const { server } = authentication
  const request = createRequest('REGISTER', 'sip:192.0.2.1')
  const challenge = server.check(request, 0, address)
  if (challenge.ok || challenge.reason === 'locked') return 'locked'
  const response = createResponse(request, challenge.status)
  for (const [name, value] of challenge.headers) response.headers.add(name, value)
  const client = new DigestClient([{ username, password }], seededRandom(2))
  expect(client.answerChallenge(response)).toBe('answered')
  client.authorize(request)
  const verdict = server.check(request, 0, address)
  return verdict.ok ? 'ok' : verdict.reason
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

it('believes who a user is at the addresses that the user trusts, and nowhere else', () => {
  const door = { username: 'front door', trust: ['192.0.2.32/29', '2001:db8:1::/48'] }
  const { authentication } = authenticationOf(
    checkConfig({ users: [...users, door] }, '/'),
    seededRandom(1),
    () => false,
  )
  const believed = (method: string, headers: Record<string, string>, source: string) => {
    const request = createRequest(method, 'sip:192.0.2.1')
    for (const [name, value] of Object.entries(headers)) request.headers.add(name, value)
    return authentication?.vouchedUser?.(request, { transport: 'udp', address: source, port: 5060 })
  }
  const itself = '"Door" <sip:front%20door@192.0.2.1>;tag=1'
  const alice = '<sip:alice@192.0.2.1>'
  expect(believed('INVITE', { from: itself, to: alice }, '192.0.2.33')).toBe('front door')
  expect(believed('INVITE', { from: itself, to: alice }, '2001:db8:1::7')).toBe('front door')
  expect(believed('REGISTER', { from: alice, to: itself }, '192.0.2.33')).toBe('front door')
  expect(believed('INVITE', { from: itself, to: alice }, '192.0.2.40')).toBeUndefined()
  expect(believed('INVITE', { from: itself, to: alice }, 'door.lan')).toBeUndefined()
  // Alice has a password, also there; and a REGISTER is about the user in To.
  expect(believed('INVITE', { from: alice, to: itself }, '192.0.2.33')).toBeUndefined()
  expect(believed('REGISTER', { from: itself, to: alice }, '192.0.2.33')).toBeUndefined()
  expect(believed('INVITE', { from: '<tel:+441632960000>' }, '192.0.2.33')).toBeUndefined()
  expect(believed('INVITE', { from: '<' }, '192.0.2.33')).toBeUndefined()
})

it('takes nobody for a user without a password because of a digest', () => {
  const door = { username: 'door', trust: ['192.0.2.33'] }
  const { authentication } = authenticationOf(
    checkConfig({ users: [...users, door] }, '/'),
    seededRandom(1),
    () => false,
  )
  const reasonFor = (username: string, password: string) => reasonOf(authentication, username, password)
  expect(reasonFor('alice', 'wonder')).toBe('ok')
  expect(reasonFor('door', '')).toBe('wrong')
})

it('locks out who guesses, as configured, or nobody', () => {
  const guessing = (lockOut: NonNullable<RingdownConfig['authentication']>['lockOut']) => {
    const config = { users, authentication: { ...(lockOut !== undefined && { lockOut }) } }
    const { authentication } = authenticationOf(checkConfig(config, '/'), seededRandom(1), () => false)
    const reasons = Array.from({ length: 11 }, (_, n) => reasonOf(authentication, `user${n % 3}`, 'guess'))
    return [...reasons, reasonOf(authentication, 'alice', 'wonder')]
  }
  const wrong = (times: number) => Array.from({ length: times }, () => 'wrong')
  expect(guessing(undefined)).toEqual([...wrong(11), 'ok'])
  expect(guessing(false)).toEqual([...wrong(11), 'ok'])
  expect(guessing({ failures: 2 })).toEqual([...wrong(6), ...Array.from({ length: 5 }, () => 'locked'), 'ok'])
  expect(guessing({ addressFailures: 10 })).toEqual([...wrong(10), 'locked', 'locked'])
  expect(guessing({ addressFailures: 10, except: ['192.0.2.64/30'] })).toEqual([...wrong(11), 'ok'])
})

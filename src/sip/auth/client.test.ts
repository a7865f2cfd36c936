import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../kit/index.ts'
import { createRequest, createResponse, parseAuthParams, type SipRequest, type SipResponse } from '../message/index.ts'
import { type DigestAlgorithm, hashOf } from './algorithms.ts'
import { DigestClient } from './client.ts'
import { digestResponse, hashCredentials } from './digest.ts'

const ALICE = { username: 'alice', password: 'secret' }

function create(...credentials: ConstructorParameters<typeof DigestClient>[0]): DigestClient {
  return new DigestClient(credentials.length === 0 ? [ALICE] : credentials, seededRandom(1))
}

function challenge(...values: string[]): SipResponse {
  const response = createResponse(createRequest('INVITE', 'sip:bob@biloxi.example'), 401)
  for (const value of values) response.headers.add('www-authenticate', value)
  return response
}

function proxyChallenge(...values: string[]): SipResponse {
  const response = createResponse(createRequest('INVITE', 'sip:bob@biloxi.example'), 407)
  for (const value of values) response.headers.add('proxy-authenticate', value)
  return response
}

function authorized(client: DigestClient, method = 'INVITE'): SipRequest {
  const request = createRequest(method, 'sip:bob@biloxi.example')
  client.authorize(request)
  return request
}

/** The parameters of the credentials on the request, after their digest has been computed anew. */
function checked(request: SipRequest, header = 'authorization'): ReadonlyMap<string, string> {
  const parsed = parseAuthParams(request.headers.get(header) ?? '')
  if (!parsed.ok) throw new Error(parsed.error)
  const { params } = parsed.value
  const algorithm = (params.get('algorithm') ?? 'MD5') as DigestAlgorithm
  const nc = params.get('nc')
  const expected = digestResponse({
    algorithm,
    ha1: hashCredentials(hashOf(algorithm), 'alice', params.get('realm') ?? '', 'secret'),
    method: request.method,
    uri: request.uri,
    nonce: params.get('nonce') ?? '',
    auth: nc === undefined ? undefined : { nc, cnonce: params.get('cnonce') ?? '' },
  })
  expect(params.get('response')).toBe(expected)
  expect(params.get('uri')).toBe(request.uri)
  return params
}

const MD5 = 'Digest realm="biloxi", nonce="n1", qop="auth"'
const SHA = 'Digest realm="biloxi", nonce="n2", algorithm=SHA-256, qop="auth,auth-int", opaque="o\\"1"'

describe('a challenge', () => {
  it('is answered with qop, nonce count and opaque', () => {
    const client = create()
    expect(client.isChallenged).toBe(false)
    expect(client.answerChallenge(challenge(SHA))).toBe('answered')
    expect(client.isChallenged).toBe(true)
    const params = checked(authorized(client))
    expect(params.get('algorithm')).toBe('SHA-256')
    expect(params.get('qop')).toBe('auth')
    expect(params.get('nc')).toBe('00000001')
    expect(params.get('opaque')).toBe('o"1')
  })

  it('without qop is answered in the old form, without algorithm as MD5', () => {
    const client = create()
    client.answerChallenge(challenge('Digest realm="biloxi", nonce="n1"'))
    const params = checked(authorized(client))
    expect([...params.keys()]).toEqual(['username', 'realm', 'nonce', 'uri', 'response'])
  })

  it('prints what the grammar wants quoted, and only that', () => {
    const client = create()
    client.answerChallenge(challenge(SHA))
    expect(authorized(client).headers.get('authorization')).toMatch(
      /^Digest username="alice", realm="biloxi", nonce="n2", uri="sip:bob@biloxi\.example", response="[\da-f]{64}", algorithm=SHA-256, cnonce="\w{13}", qop=auth, nc=00000001, opaque="o\\"1"$/,
    )
  })

  it.each([
    ['MD5 first', [MD5, SHA]],
    ['SHA-256 first', [SHA, MD5]],
  ])('of two algorithms is answered by the stronger (%s)', (_, values) => {
    const client = create()
    client.answerChallenge(challenge(...values))
    const request = authorized(client)
    expect(request.headers.all('authorization')).toHaveLength(1)
    expect(checked(request).get('nonce')).toBe('n2')
  })

  it('of two equally strong algorithms is answered by the topmost', () => {
    const client = create()
    client.answerChallenge(challenge(SHA.replace('SHA-256', 'SHA-512-256'), SHA))
    expect(checked(authorized(client)).get('algorithm')).toBe('SHA-512-256')
  })

  it('in the session variant is answered in it', () => {
    const client = create()
    client.answerChallenge(challenge(MD5.replace('qop', 'algorithm=MD5-sess, qop')))
    expect(checked(authorized(client)).get('algorithm')).toBe('MD5-sess')
  })

  it.each([
    ['none at all', []],
    ['another scheme', ['Basic realm="biloxi"']],
    ['an unknown algorithm', ['Digest realm="biloxi", nonce="n", algorithm=AKAv1-MD5']],
    ['auth-int alone', ['Digest realm="biloxi", nonce="n", qop="auth-int"']],
    ['no nonce', ['Digest realm="biloxi"']],
    ['no realm', ['Digest nonce="n"']],
    ['an open quote', ['Digest realm="biloxi, nonce="n"x']],
  ])('of %s is unsupported', (_, values) => {
    const client = create()
    expect(client.answerChallenge(challenge(...values))).toBe('unsupported')
    expect(authorized(client).headers.has('authorization')).toBe(false)
  })

  it('takes the first credentials for its realm', () => {
    const client = create({ username: 'x', password: 'y', realm: 'atlanta' }, { ...ALICE, realm: 'biloxi' })
    expect(client.answerChallenge(challenge(MD5))).toBe('answered')
    expect(checked(authorized(client)).get('username')).toBe('alice')
  })

  it('of a realm without credentials is not answered', () => {
    const client = create({ ...ALICE, realm: 'atlanta' })
    expect(client.answerChallenge(challenge(MD5))).toBe('noCredentials')
  })
})

describe('several on the path', () => {
  it('are all answered, each in its header, with their counts going on', () => {
    const client = create()
    expect(client.answerChallenge(proxyChallenge('Digest realm="p1", nonce="a", qop="auth"'))).toBe('answered')
    authorized(client)
    expect(client.answerChallenge(challenge(MD5))).toBe('answered')
    const request = authorized(client)
    expect(checked(request, 'proxy-authorization').get('nc')).toBe('00000002')
    expect(checked(request).get('nc')).toBe('00000001')
  })

  it('in one response are answered together', () => {
    const client = create()
    const realms = ['p1', 'p2'].map((realm) => `Digest realm="${realm}", nonce="a", qop="auth"`)
    client.answerChallenge(proxyChallenge(...realms))
    expect(authorized(client).headers.all('proxy-authorization')).toHaveLength(2)
  })

  it('are bounded', () => {
    const client = create()
    const realms = Array.from({ length: 20 }, (_, n) => `Digest realm="p${n}", nonce="a"`)
    expect(client.answerChallenge(proxyChallenge(...realms))).toBe('unsupported')
    expect(authorized(client).headers.all('proxy-authorization')).toHaveLength(8)
  })
})

describe('a second challenge', () => {
  it('of the same realm after a fresh answer is a refusal', () => {
    const client = create()
    client.answerChallenge(challenge(MD5))
    authorized(client)
    expect(client.answerChallenge(challenge(MD5.replace('n1', 'n9')))).toBe('refused')
  })

  it('that calls the nonce stale is answered, but not for ever', () => {
    const client = create()
    const outcomes = [MD5, 1, 2, 3].map((n) => {
      const outcome = client.answerChallenge(challenge(n === MD5 ? MD5 : `${MD5}, stale=TRUE`))
      authorized(client)
      return outcome
    })
    expect(outcomes).toEqual(['answered', 'answered', 'answered', 'refused'])
  })

  it('after the nonce had served before is answered, stale or not', () => {
    const client = create()
    client.answerChallenge(challenge(MD5))
    authorized(client)
    authorized(client, 'BYE')
    expect(client.answerChallenge(challenge(MD5.replace('n1', 'n9')))).toBe('answered')
    expect(checked(authorized(client, 'BYE')).get('nonce')).toBe('n9')
  })
})

it('replaces the credentials that a request carries already', () => {
  const client = create()
  client.answerChallenge(challenge(MD5))
  const request = authorized(client)
  client.authorize(request)
  expect(request.headers.all('authorization')).toHaveLength(1)
  expect(checked(request).get('nc')).toBe('00000002')
})

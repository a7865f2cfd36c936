import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../kit/index.ts'
import { createRequest, createResponse, type SipRequest } from '../message/index.ts'
import { DigestClient } from './client.ts'
import { hashCredentials } from './digest.ts'
import { LockOut } from './lock-out.ts'
import { type DigestSecret, DigestServer, type DigestServerOptions, type DigestVerdict } from './server.ts'

const USERS: Readonly<Record<string, DigestSecret>> = {
  alice: { password: 'secret' },
  bob: { ha1: { MD5: hashCredentials('MD5', 'bob', 'home', 'hunter2').toUpperCase() } },
}

function createServer(options: Partial<DigestServerOptions> = {}): DigestServer {
  const lookup = (username: string) => (Object.hasOwn(USERS, username) ? USERS[username] : undefined)
  return new DigestServer({ realm: 'home', random: seededRandom(1), lookup, ...options })
}

function invite(): SipRequest {
  return createRequest('INVITE', 'sip:100@home')
}

/** A client that has been given the challenges of a verdict. */
function challenged(verdict: DigestVerdict, username = 'alice', password = 'secret'): DigestClient {
  if (verdict.ok) throw new Error('was not challenged')
  const client = new DigestClient([{ username, password }], seededRandom(2))
  const response = createResponse(invite(), verdict.status)
  for (const [name, value] of verdict.headers) response.headers.add(name, value)
  expect(client.answerChallenge(response)).toBe('answered')
  return client
}

function authorized(client: DigestClient): SipRequest {
  const request = invite()
  client.authorize(request)
  return request
}

function edited(request: SipRequest, edit: (value: string) => string): SipRequest {
  const changed = invite()
  changed.headers.set('authorization', edit(request.headers.get('authorization') ?? ''))
  return changed
}

const outcome = (verdict: DigestVerdict) => (verdict.ok ? 'ok' : verdict.reason)

describe('the challenge', () => {
  it('offers each algorithm in order of preference, with one nonce', () => {
    const verdict = createServer().check(invite(), 0)
    if (verdict.ok) throw new Error('was not challenged')
    expect(verdict).toMatchObject({ reason: 'missing', status: 401 })
    const [sha, md5] = verdict.headers
    expect(sha?.[0]).toBe('WWW-Authenticate')
    expect(sha?.[1]).toMatch(/^Digest realm="home", nonce="[\w.]+", algorithm=SHA-256, qop="auth"$/)
    expect(md5?.[1]).toBe(sha?.[1].replace('SHA-256', 'MD5'))
  })

  it('is 407 for a proxy', () => {
    const server = createServer({ isProxy: true })
    const verdict = server.check(invite(), 0)
    expect(verdict).toMatchObject({
      status: 407,
      headers: [['Proxy-Authenticate', expect.any(String)], expect.anything()],
    })
    expect(server.check(authorized(challenged(verdict)), 0)).toEqual({ ok: true, username: 'alice' })
  })
})

describe('credentials', () => {
  it.each([['SHA-256'], ['MD5'], ['SHA-512-256'], ['MD5-sess'], ['SHA-256-sess']] as const)(
    'pass with %s',
    (algorithm) => {
      const server = createServer({ algorithms: [algorithm] })
      const client = challenged(server.check(invite(), 0))
      expect(server.check(authorized(client), 0)).toEqual({ ok: true, username: 'alice' })
    },
  )

  it('pass against a stored HA1', () => {
    const server = createServer({ algorithms: ['MD5'] })
    const client = challenged(server.check(invite(), 0), 'bob', 'hunter2')
    expect(server.check(authorized(client), 0)).toEqual({ ok: true, username: 'bob' })
  })

  it('pass in the form without qop, once', () => {
    const server = createServer({ algorithms: ['MD5'] })
    const verdict = server.check(invite(), 0)
    if (verdict.ok) throw new Error('was not challenged')
    const old = verdict.headers.map(([name, value]) => [name, value.replace(', qop="auth"', '')] as const)
    const client = challenged({ ...verdict, headers: old })
    expect(outcome(server.check(authorized(client), 0))).toBe('ok')
    expect(outcome(server.check(authorized(client), 0))).toBe('stale')
  })

  it.each([
    ['a wrong password', 'alice', 'wrong'],
    ['an unknown user', 'mallory', 'secret'],
    ['a name of the object prototype', 'constructor', 'secret'],
    ['no stored HA1 of that hash', 'bob', 'hunter2'],
  ])('fail alike with %s', (_, username, password) => {
    const server = createServer()
    const client = challenged(server.check(invite(), 0), username, password)
    const verdict = server.check(authorized(client), 0)
    if (verdict.ok) throw new Error('was let in')
    expect(verdict).toMatchObject({ reason: 'wrong', status: 401 })
    expect(verdict.headers.every(([, value]) => !value.includes('stale'))).toBe(true)
  })

  it('of another method fail', () => {
    const server = createServer()
    const request = authorized(challenged(server.check(invite(), 0)))
    const bye = createRequest('BYE', request.uri)
    bye.headers.set('authorization', request.headers.get('authorization') ?? '')
    expect(outcome(server.check(bye, 0))).toBe('wrong')
  })

  it('of another realm are passed over', () => {
    const server = createServer()
    const own = authorized(challenged(server.check(invite(), 0))).headers.get('authorization') ?? ''
    const foreign = own.replace('realm="home"', 'realm="away"')
    const request = invite()
    request.headers.add('authorization', foreign)
    expect(outcome(server.check(request, 0))).toBe('missing')
    request.headers.add('authorization', own)
    expect(outcome(server.check(request, 0))).toBe('ok')
  })

  it.each([
    ['no username', /username="alice", /, ''],
    ['no uri', /uri="[^"]*", /, ''],
    ['no response', /response="[^"]*", /, ''],
    ['no cnonce', /cnonce="[^"]*", /, ''],
    ['a zero nonce count', /nc=\w+/, 'nc=00000000'],
    ['a nonce count that is none', /nc=\w+/, 'nc=xyz'],
    ['auth-int', /qop=auth/, 'qop=auth-int'],
    ['an algorithm that was not offered', /SHA-256/, 'SHA-512-256'],
  ])('with %s are malformed', (_, pattern, replacement) => {
    const server = createServer()
    const request = authorized(challenged(server.check(invite(), 0)))
    expect(
      outcome(
        server.check(
          edited(request, (value) => value.replace(pattern, replacement)),
          0,
        ),
      ),
    ).toBe('malformed')
  })

  it('that are garbage never pass and never throw', () => {
    const server = createServer()
    const good = authorized(challenged(server.check(invite(), 0))).headers.get('authorization') ?? ''
    fc.assert(
      fc.property(fc.nat(good.length), fc.nat(20), fc.string({ maxLength: 20 }), (at, length, text) => {
        const request = invite()
        const value = good.slice(0, at) + text + good.slice(at + length)
        request.headers.set('authorization', value)
        const verdict = server.check(request, 0)
        if (verdict.ok) expect(verdict.username).toBe('alice')
        else expect(verdict.headers).toHaveLength(2)
      }),
    )
  })
})

describe('nonces', () => {
  it('serve several requests with rising counts', () => {
    const server = createServer()
    const client = challenged(server.check(invite(), 0))
    for (let n = 0; n < 5; n++) expect(outcome(server.check(authorized(client), n * 1000))).toBe('ok')
    expect(server.size).toBe(1)
  })

  it('refuse a replay, and an older count, as stale', () => {
    const server = createServer()
    const client = challenged(server.check(invite(), 0))
    const [first, second] = [authorized(client), authorized(client)]
    expect(outcome(server.check(second, 0))).toBe('ok')
    for (const request of [second, first]) {
      const verdict = server.check(request, 0)
      if (verdict.ok) throw new Error('a replay was let in')
      expect(verdict.reason).toBe('stale')
      expect(verdict.headers.every(([, value]) => value.endsWith(', stale=true'))).toBe(true)
    }
  })

  it('run out', () => {
    const server = createServer({ nonceLifetimeMs: 1000 })
    const client = challenged(server.check(invite(), 5000))
    expect(outcome(server.check(authorized(client), 5999))).toBe('ok')
    expect(outcome(server.check(authorized(client), 6000))).toBe('stale')
  })

  it('of another server are stale, whatever the password: nothing is found out with them', () => {
    const server = createServer({ random: seededRandom(99) })
    const before = createServer()
    for (const password of ['secret', 'guess']) {
      const client = challenged(before.check(invite(), 0), 'alice', password)
      expect(outcome(server.check(authorized(client), 0))).toBe('stale')
    }
  })

  it('cannot be made up or made younger', () => {
    const server = createServer({ nonceLifetimeMs: 1000 })
    const verdict = server.check(invite(), 0)
    if (verdict.ok) throw new Error('was not challenged')
    const younger = verdict.headers.map(([name, value]) => [name, value.replace('nonce="0.', 'nonce="7ps.')] as const)
    expect(younger).not.toEqual(verdict.headers)
    expect(outcome(server.check(authorized(challenged({ ...verdict, headers: younger })), 10_000))).toBe('stale')
  })

  it('that were never used well take no memory', () => {
    const server = createServer()
    for (let n = 0; n < 100; n++) {
      const guess = challenged(server.check(invite(), n), 'alice', `guess${n}`)
      server.check(authorized(guess), n)
    }
    expect(server.size).toBe(0)
  })

  it('are remembered up to a limit; what falls out can never be replayed', () => {
    const server = createServer({ maxNonces: 10 })
    const requests = Array.from({ length: 30 }, (_, n) => authorized(challenged(server.check(invite(), n))))
    for (const request of requests) expect(outcome(server.check(request, 50))).toBe('ok')
    expect(server.size).toBe(10)
    for (const request of requests) expect(outcome(server.check(request, 50))).toBe('stale')
  })

  it('are forgotten when they have run out', () => {
    const server = createServer({ nonceLifetimeMs: 1000 })
    for (let n = 0; n < 20; n++) server.check(authorized(challenged(server.check(invite(), 0))), 0)
    expect(server.size).toBe(20)
    server.check(authorized(challenged(server.check(invite(), 5000))), 5000)
    expect(server.size).toBe(1)
  })
})

describe('a lock-out', () => {
  const HERE = '192.0.2.66'
  const THERE = '2001:db8::7'

  /** Tries a password from an address: the first request is challenged there, unless `nonceFrom` is said. */
  function attempt(server: DigestServer, password: string, address: string, nonceFrom = address): DigestVerdict {
    const challenge = server.check(invite(), 0, nonceFrom)
    if (challenge.ok || challenge.reason === 'locked') return challenge
    return server.check(authorized(challenged(challenge, 'alice', password)), 0, address)
  }

  it('comes of too many wrong passwords: then the right one does not help, at that address', () => {
    const server = createServer({ lockOut: new LockOut({ failures: 3 }) })
    const verdicts = Array.from({ length: 4 }, () => attempt(server, 'guess', HERE))
    expect(verdicts.map(outcome)).toEqual(['wrong', 'wrong', 'wrong', 'locked'])
    expect(verdicts[2]).toMatchObject({ lockedOut: { username: 'alice', address: HERE } })
    expect(attempt(server, 'secret', HERE)).toEqual({ ok: false, reason: 'locked', status: 403, headers: [] })
    expect(outcome(attempt(server, 'secret', THERE))).toBe('ok')
  })

  it('hits whom the nonce was issued to, not whose address was forged', () => {
    const server = createServer({ lockOut: new LockOut({ failures: 3 }) })
    for (let n = 0; n < 3; n++) attempt(server, 'guess', THERE, HERE)
    expect(outcome(attempt(server, 'secret', THERE))).toBe('ok')
    expect(outcome(attempt(server, 'secret', HERE))).toBe('locked')
    // Nor is a nonce of who is locked out of use elsewhere.
    const before = createServer({ lockOut: new LockOut({ failures: 1 }) })
    const challenge = before.check(invite(), 0, HERE)
    attempt(before, 'guess', HERE)
    expect(outcome(before.check(authorized(challenged(challenge)), 0, THERE))).toBe('locked')
  })

  it('does not come of nonces that nobody was given', () => {
    const server = createServer({ lockOut: new LockOut({ failures: 1 }), random: seededRandom(99) })
    const foreign = createServer()
    const guess = authorized(challenged(foreign.check(invite(), 0, HERE), 'alice', 'guess'))
    for (let n = 0; n < 5; n++) expect(outcome(server.check(guess, 0, HERE))).toBe('stale')
    expect(outcome(attempt(server, 'secret', HERE))).toBe('ok')
  })

  it('is far for who gets it right in between', () => {
    const server = createServer({ lockOut: new LockOut({ failures: 2 }) })
    for (let n = 0; n < 5; n++) {
      expect(outcome(attempt(server, 'typo', HERE))).toBe('wrong')
      expect(outcome(attempt(server, 'secret', HERE))).toBe('ok')
    }
  })
})

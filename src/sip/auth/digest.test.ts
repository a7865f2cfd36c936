import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { algorithmNamed, constantTimeEqual, type DigestHash, hashText } from './algorithms.ts'
import { digestResponse, hashCredentials } from './digest.ts'

describe('known answers', () => {
  const rfc7616 = {
    method: 'GET',
    uri: '/dir/index.html',
    nonce: '7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v',
    auth: { nc: '00000001', cnonce: 'f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ' },
  }

  it.each([
    ['MD5', '8ca523f5e9506fed4657c9700eebdbec'],
    ['SHA-256', '753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1'],
  ] as const)('RFC 7616 section 3.9.1, %s', (algorithm, response) => {
    const ha1 = hashCredentials(algorithm, 'Mufasa', 'http-auth@example.org', 'Circle of Life')
    expect(digestResponse({ ...rfc7616, algorithm, ha1 })).toBe(response)
  })

  it('RFC 7616 section 3.9.2, SHA-512-256 and a name beyond ASCII (as corrected by erratum 4897)', () => {
    const ha1 = hashCredentials('SHA-512-256', 'Jäsøn Doe', 'api@example.org', 'Secret, or not?')
    const response = digestResponse({
      algorithm: 'SHA-512-256',
      ha1,
      method: 'GET',
      uri: '/doe.json',
      nonce: '5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK',
      auth: { nc: '00000001', cnonce: 'NTg6RKcb9boFIAS3KrFK9BGeh+iDa/sm6jUMp2wds69v' },
    })
    expect(response).toBe('3798d4131c277846293534c3edc11bd8a5e4cdcbff78b05db9d95eeb1cec68a5')
  })

  it('RFC 2617 section 3.5, MD5 with qop', () => {
    const ha1 = hashCredentials('MD5', 'Mufasa', 'testrealm@host.com', 'Circle Of Life')
    const response = digestResponse({
      algorithm: 'MD5',
      ha1,
      method: 'GET',
      uri: '/dir/index.html',
      nonce: 'dcd98b7102dd2f0e8b11d0f600bfb0c093',
      auth: { nc: '00000001', cnonce: '0a4f113b' },
    })
    expect(ha1).toBe('939e7578ed9e3c518a452acee763bce9')
    expect(response).toBe('6629fae49393a05397450978507c4ef1')
  })

  it('RFC 2069 section 2.4, MD5 without qop (as corrected by its erratum)', () => {
    const response = digestResponse({
      algorithm: 'MD5',
      ha1: hashCredentials('MD5', 'Mufasa', 'testrealm@host.com', 'CircleOfLife'),
      method: 'GET',
      uri: '/dir/index.html',
      nonce: 'dcd98b7102dd2f0e8b11d0f600bfb0c093',
    })
    expect(response).toBe('1949323746fe6a43ef61f9606e7febea')
  })
})

describe.each([
  ['MD5', 'md5'],
  ['SHA-256', 'sha256'],
  ['SHA-512-256', 'sha512-256'],
] as const)('%s against OpenSSL', (hash: DigestHash, openssl) => {
  const reference = (text: string) => createHash(openssl).update(text).digest('hex')

  it('hashes text of every length around its block size', () => {
    for (let length = 0; length < 300; length += 7) {
      const text = 'ä1'.repeat(length).slice(0, length)
      expect(hashText(hash, text)).toBe(reference(text))
    }
  })

  it('computes the session variant (RFC 7616 section 3.4.2)', () => {
    const h = reference
    const ha1 = h('bob:biloxi.example:zanzibar')
    const expected = h(`${h(`${ha1}:n1:c1`)}:n1:00000002:c1:auth:${h('INVITE:sip:bob@biloxi.example')}`)
    const actual = digestResponse({
      algorithm: `${hash}-sess`,
      ha1: hashCredentials(hash, 'bob', 'biloxi.example', 'zanzibar'),
      method: 'INVITE',
      uri: 'sip:bob@biloxi.example',
      nonce: 'n1',
      auth: { nc: '00000002', cnonce: 'c1' },
    })
    expect(actual).toBe(expected)
  })
})

it('knows algorithms in any case, and MD5 when none is named', () => {
  expect(algorithmNamed('sha-256')).toBe('SHA-256')
  expect(algorithmNamed('md5-SESS')).toBe('MD5-sess')
  expect(algorithmNamed(undefined)).toBe('MD5')
  expect(algorithmNamed('AKAv1-MD5')).toBeUndefined()
})

it('compares whole texts', () => {
  expect(constantTimeEqual('abc', 'abc')).toBe(true)
  for (const other of ['abd', 'xbc', 'ab', 'abcd', '', 'abc\0']) expect(constantTimeEqual(other, 'abc')).toBe(false)
})

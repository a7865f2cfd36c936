import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { seededRandom, utf8Decode, utf8Encode } from '../../kit/index.ts'
import { readCrypto, type SrtpPolicy } from './crypto.ts'
import { MediaSession, type SessionMedia } from './media-session.ts'

const ours = (srtp: SrtpPolicy): SessionMedia => ({
  address: '192.0.2.1',
  port: 4000,
  codecs: ['PCMU'],
  telephoneEvent: true,
  ptimeMs: 20,
  direction: 'sendrecv',
  srtp,
})
const KEY30 = Buffer.from(Uint8Array.from({ length: 30 }, (_, i) => i)).toString('base64')
const KEY28 = Buffer.from(Uint8Array.from({ length: 28 }, (_, i) => i)).toString('base64')

function sdp(protocol: string, ...crypto: string[]): Uint8Array {
  const lines = ['v=0', 'o=- 1 1 IN IP4 198.51.100.7', 's=-', 'c=IN IP4 198.51.100.7', 't=0 0']
  return utf8Encode(`${[...lines, `m=audio 5000 ${protocol} 0`, ...crypto].join('\r\n')}\r\n`)
}

const session = (seed = 1): MediaSession => new MediaSession(seed, seededRandom(seed))

describe('an offer of SRTP', () => {
  it.each([
    ['forbidden', 'RTP/AVP', 0],
    ['accepted', 'RTP/AVP', 0],
    ['offered', 'RTP/AVP', 3],
    ['required', 'RTP/SAVP', 3],
  ] as const)('%s: %s with %i keys', (policy, protocol, keys) => {
    const text = utf8Decode(session().offer(ours(policy)))
    expect(text).toContain(`m=audio 4000 ${protocol} 0 101\r\n`)
    expect(text.match(/^a=crypto:/gm)?.length ?? 0).toBe(keys)
  })

  it('names the suites by preference, each with a key of its own', () => {
    const lines = utf8Decode(session().offer(ours('offered'))).match(/^a=crypto.*/gm)
    expect(lines?.map((line) => line.split(' ').slice(0, 2).join(' '))).toEqual([
      'a=crypto:1 AEAD_AES_128_GCM',
      'a=crypto:2 AES_CM_128_HMAC_SHA1_80',
      'a=crypto:3 AES_CM_128_HMAC_SHA1_32',
    ])
    const keys = lines?.map((line) => Buffer.from(line.split('inline:')[1] ?? '', 'base64')) ?? []
    expect(keys.map((key) => key.length)).toEqual([28, 30, 30])
    expect(keys[1]).not.toEqual(keys[2])
    expect(utf8Decode(session(2).offer(ours('offered'))).match(/^a=crypto.*/gm)).not.toEqual(lines)
  })

  it.each(['accepted', 'offered', 'required'] as const)('meets the answer of one who has it %s', (policy) => {
    const [us, them] = [session(1), session(2)]
    const answered = them.answer(us.offer(ours('required')), ours(policy))
    if (!answered.ok) throw new Error(answered.error)
    expect(utf8Decode(answered.value.answer)).toMatch(
      /m=audio 4000 RTP\/SAVP 0 101\r\n(.|\r\n)*a=crypto:1 AEAD_AES_128_GCM/,
    )
    const accepted = us.accept(answered.value.answer)
    if (!accepted.ok) throw new Error(accepted.error)
    const [here, there] = [accepted.value.srtp, answered.value.stream.srtp]
    expect(here?.suite).toBe('AEAD_AES_128_GCM')
    expect(here?.sendKey).toEqual(there?.receiveKey)
    expect(here?.receiveKey).toEqual(there?.sendKey)
    expect(here?.sendKey).not.toEqual(here?.receiveKey)
  })

  it('keeps keys, profile and version in the offers that follow, whoever makes them', () => {
    const [us, them] = [session(1), session(2)]
    const first = us.offer(ours('required'))
    const answered = them.answer(first, ours('accepted'))
    if (!answered.ok) throw new Error(answered.error)
    us.accept(answered.value.answer)
    expect(us.offer(ours('required'))).toEqual(first)
    const again = them.offer(ours('accepted'))
    expect(utf8Decode(again)).toContain('RTP/SAVP')
    const back = us.answer(again, ours('required'))
    if (!back.ok) throw new Error(back.error)
    expect(back.value.stream.srtp).toEqual({
      suite: 'AEAD_AES_128_GCM',
      sendKey: answered.value.stream.srtp?.receiveKey,
      receiveKey: answered.value.stream.srtp?.sendKey,
    })
  })

  it('is met in the clear where it was only offered, and refused where it is required', () => {
    const offered = session()
    offered.offer(ours('offered'))
    const accepted = offered.accept(sdp('RTP/AVP'))
    expect(accepted.ok && accepted.value.srtp).toBe(undefined)
    const required = session()
    required.offer(ours('required'))
    expect(required.accept(sdp('RTP/AVP'))).toEqual({ ok: false, error: 'SRTP is required' })
    expect(required.accept(sdp('RTP/SAVP'))).toEqual({ ok: false, error: 'no key for SRTP that we could use' })
  })

  it('takes no key that it has not asked for', () => {
    const us = session()
    us.offer(ours('required'))
    const answer = (line: string): boolean => us.accept(sdp('RTP/SAVP', line)).ok
    expect(answer(`a=crypto:2 AES_CM_128_HMAC_SHA1_80 inline:${KEY30}`)).toBe(true)
    expect(answer(`a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:${KEY30}`)).toBe(false)
    expect(answer(`a=crypto:9 AES_CM_128_HMAC_SHA1_80 inline:${KEY30}`)).toBe(false)
    const clear = session()
    clear.offer(ours('accepted'))
    const accepted = clear.accept(sdp('RTP/AVP', `a=crypto:2 AES_CM_128_HMAC_SHA1_80 inline:${KEY30}`))
    expect(accepted.ok && accepted.value.srtp).toBe(undefined)
  })
})

describe('the answer to an offer of SRTP', () => {
  it('takes the first suite of the offer that we have, under its tag', () => {
    const offer = sdp(
      'RTP/SAVP',
      `a=crypto:4 AES_256_CM_HMAC_SHA1_80 inline:${KEY30}`,
      `a=crypto:7 AES_CM_128_HMAC_SHA1_32 inline:${KEY30}|2^20`,
      `a=crypto:8 AEAD_AES_128_GCM inline:${KEY28}`,
    )
    const answered = session().answer(offer, ours('accepted'))
    if (!answered.ok) throw new Error(answered.error)
    expect(utf8Decode(answered.value.answer).match(/^a=crypto.*/gm)).toEqual([
      expect.stringMatching(/^a=crypto:7 AES_CM_128_HMAC_SHA1_32 inline:[A-Za-z0-9+/]{40}$/),
    ])
    expect(answered.value.stream.srtp?.receiveKey).toEqual(new Uint8Array(Buffer.from(KEY30, 'base64')))
  })

  it('keeps to the policy', () => {
    const line = `a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:${KEY30}`
    const outcome = (policy: SrtpPolicy, protocol: string, ...lines: string[]): string => {
      const answered = session().answer(sdp(protocol, ...lines), ours(policy))
      if (!answered.ok) return answered.error
      return answered.value.stream.srtp === undefined ? 'clear' : 'srtp'
    }
    expect(outcome('forbidden', 'RTP/SAVP', line)).toBe('no audio over RTP/AVP')
    expect(outcome('forbidden', 'RTP/AVP', line)).toBe('clear')
    expect(outcome('accepted', 'RTP/SAVP', line)).toBe('srtp')
    expect(outcome('accepted', 'RTP/AVP', line)).toBe('srtp')
    expect(outcome('accepted', 'RTP/AVP')).toBe('clear')
    expect(outcome('accepted', 'RTP/SAVP')).toBe('no key for SRTP that we could use')
    expect(outcome('required', 'RTP/AVP')).toBe('SRTP is required')
    expect(outcome('required', 'RTP/AVP', line)).toBe('srtp')
  })
})

describe('a=crypto', () => {
  it.each([
    ['a key too short', `a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:${KEY28}`],
    ['a key too long', `a=crypto:1 AEAD_AES_128_GCM inline:${KEY30}`],
    ['another method', `a=crypto:1 AES_CM_128_HMAC_SHA1_80 uri:${KEY30}`],
    ['a master key identifier', `a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:${KEY30}|2^20|1:4`],
    ['two keys', `a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:${KEY30};inline:${KEY30}`],
    ['no encryption', `a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:${KEY30} UNENCRYPTED_SRTP`],
    ['a key derivation rate', `a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:${KEY30} KDR=1`],
    ['no tag', `a=crypto: AES_CM_128_HMAC_SHA1_80 inline:${KEY30}`],
  ])('is passed over with %s', (_, line) => {
    expect(readCrypto(line)).toBe(undefined)
  })

  it('is read with a lifetime and a window', () => {
    const line = `a=crypto:12 AES_CM_128_HMAC_SHA1_80 inline:${KEY30}|1048576 WSH=128`
    expect(readCrypto(line)).toMatchObject({ tag: 12, suite: 'AES_CM_128_HMAC_SHA1_80' })
  })

  it('never throws and never takes a key of another length', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 100 }), (text) => {
        for (const line of [`a=crypto:${text}`, `a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:${text}`]) {
          const read = readCrypto(line)
          if (read !== undefined) expect([28, 30]).toContain(read.keyAndSalt.length)
        }
      }),
    )
  })
})

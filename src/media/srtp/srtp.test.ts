import * as nodeCrypto from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { writeRtpHeader } from '../rtp/packet.ts'
import { srtpCryptoOf } from './node-crypto.ts'
import { PacketIndex } from './packet-index.ts'
import { deriveKeys, KEY_LABELS } from './session-keys.ts'
import { SrtpReceiver, SrtpSender } from './srtp.ts'
import { keyAndSaltLength, SRTP_SUITES, type SrtpSuite } from './suites.ts'
import { MAX_TRAILER, transformOf } from './transform.ts'

const crypto = srtpCryptoOf(nodeCrypto)
const bytesOf = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex.replaceAll(' ', ''), 'hex'))
const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
const suites = Object.keys(SRTP_SUITES) as SrtpSuite[]

/** The bytes with room behind them. */
function roomy(bytes: Uint8Array): Uint8Array {
  const all = new Uint8Array(bytes.length + MAX_TRAILER)
  all.set(bytes)
  return all
}

describe('SRTP vectors', () => {
  const masterKey = 'e1f97a0d3e018be0d64fa32c06de4139'
  const masterSalt = '0ec675ad498afeebb6960b3aabe6'

  it('derives the keys of RFC 3711 appendix B.3', () => {
    const keyAndSalt = bytesOf(masterKey + masterSalt)
    const keys = deriveKeys(crypto, 'AES_CM_128_HMAC_SHA1_80', keyAndSalt, KEY_LABELS.rtp)
    expect(hexOf(keys.cipherKey)).toBe('c61e7a93744f39ee10734afe3ff7a087')
    expect(hexOf(keys.salt)).toBe('30cbbc08863d8c85d49db34a9ae1')
    expect(hexOf(keys.authenticationKey)).toBe('cebe321f6ff7716b6fd4ab49af256a156d38baa4')
    const rtcp = deriveKeys(crypto, 'AES_CM_128_HMAC_SHA1_80', keyAndSalt, KEY_LABELS.rtcp)
    expect(hexOf(rtcp.cipherKey)).toBe('4c1aa45a81f73d61c800bbb00fbb1eaa')
    expect(hexOf(rtcp.salt)).toBe('9581c7ad87b3e530bf3e4454a8b3')
    expect(hexOf(rtcp.authenticationKey)).toBe('8d54534feb49ae8e7993a6bd0b844fc323a93dfd')
  })

  it('has the keystream of RFC 3711 appendix B.2', () => {
    const key = bytesOf('2b7e151628aed2a6abf7158809cf4f3c')
    const iv = bytesOf('f0f1f2f3f4f5f6f7f8f9fafbfcfd0000')
    expect(hexOf(crypto.aesCounter(key, iv, new Uint8Array(48)))).toBe(
      'e03ead0935c95e80e166b16dd92b4eb4d23513162b02d0f72a43a2fe4a5f97ab41e95b3bb0a2e8dd477901e4fca894c0',
    )
  })

  it.each([
    {
      suite: 'AES_CM_128_HMAC_SHA1_80',
      key: masterKey + masterSalt,
      srtp: '4e55dc4ce79978d88ca4d215949d2402 b78d6acc99ea179b8dbb',
      srtcp: '7128035be487b9bdbef89041f977a5a8 80000001 993e08cd54d6c1230798',
    },
    {
      suite: 'AEAD_AES_128_GCM',
      key: '000102030405060708090a0b0c0d0e0f a0a1a2a3a4a5a6a7a8a9aaab',
      srtp: 'c5002ede04cfdd2eb91159e0880aa06e d2976826f796b201df3131a127e8a392',
      srtcp: 'c98b8b5df0392a55852b6c21ac8e7025 c52c6fbea2b3b446ea31123ba88ce61e 80000001',
    },
  ] as const)('makes the reference packets of libsrtp: $suite', ({ suite, key, srtp, srtcp }) => {
    const parameters = { suite, sendKey: bytesOf(key), receiveKey: bytesOf(key) }
    const sender = new SrtpSender(crypto, parameters)
    const receiver = new SrtpReceiver(crypto, parameters)
    for (const [header, sealed, kind] of [
      ['800f1234decafbadcafebabe', srtp, 'Rtp'],
      ['81c8000bcafebabe', srtcp, 'Rtcp'],
    ] as const) {
      const plain = bytesOf(header + 'ab'.repeat(16))
      const packet = roomy(plain)
      const length = sender[`seal${kind}`](packet, plain.length)
      expect(hexOf(packet.subarray(0, length))).toBe(header + sealed.replaceAll(' ', ''))
      expect(receiver[`open${kind}`](packet, length)).toBe(plain.length)
      expect(hexOf(packet.subarray(0, plain.length))).toBe(hexOf(plain))
    }
  })

  it('seals and opens the packet of RFC 7714 section 16.1, whose keys are the session keys', () => {
    const keys = {
      cipherKey: bytesOf('000102030405060708090a0b0c0d0e0f'),
      salt: bytesOf('517569642070726f2071756f'),
      authenticationKey: new Uint8Array(),
    }
    const transform = transformOf(crypto, 'AEAD_AES_128_GCM', keys, false)
    const header = bytesOf('8040f17b8041f8d35501a0b2')
    const packet = roomy(Buffer.concat([header, Buffer.from('Gallia est omnis divisa in partes tres')]))
    const length = transform.seal(packet, 12, packet.length - MAX_TRAILER, 0x5501a0b2, 0xf17b)
    expect(hexOf(packet.subarray(12, length))).toBe(
      'f24de3a3fb34de6cacba861c9d7e4bcabe633bd50d294e6f42a5f47a51c7d19b36de3adf8833899d7f27beb16a9152cf765ee4390cce',
    )
    expect(transform.open(packet, 12, length, 0x5501a0b2, 0xf17b)).toBe(length - 16)
    expect(Buffer.from(packet.subarray(12, length - 16)).toString()).toBe('Gallia est omnis divisa in partes tres')
  })
})

describe('PacketIndex', () => {
  it('counts rollovers through loss and reordering (RFC 3711 section 3.3.1)', () => {
    const index = new PacketIndex()
    for (const [sequence, expected] of [
      [65_530, 65_530],
      [65_535, 65_535],
      [2, 65_538],
      [65_534, 65_534],
      [1, 65_537],
      [30_000, 95_536],
      [60_000, 125_536],
      [5, 131_077],
    ]) {
      expect(index.estimate(sequence)).toBe(expected)
      index.take(expected)
    }
  })

  it('knows what it has taken and what is too old to know', () => {
    const index = new PacketIndex()
    for (const n of [1000, 1001, 1003, 1100]) index.take(n)
    for (const n of [1000, 1001, 1003, 1100, 972, 3]) expect(index.isReplay(n)).toBe(true)
    for (const n of [1002, 1099, 1101, 99_999]) expect(index.isReplay(n)).toBe(false)
  })
})

describe.each(suites)('SRTP with %s', (suite) => {
  const key = (first: number): Uint8Array => Uint8Array.from({ length: keyAndSaltLength(suite) }, (_, i) => first + i)
  const ours = { suite, sendKey: key(1), receiveKey: key(100) }
  const theirs = { suite, sendKey: key(100), receiveKey: key(1) }
  const packetOf = (sequence: number, ssrc = 7, payload = 160): Uint8Array => {
    const bytes = new Uint8Array(12 + payload).fill(sequence & 0xff)
    writeRtpHeader(bytes, false, 0, sequence & 0xffff, sequence * 160, ssrc)
    return bytes
  }
  const sealed = (sender: SrtpSender, plain: Uint8Array): Uint8Array => {
    const bytes = roomy(plain)
    return bytes.slice(0, sender.sealRtp(bytes, plain.length))
  }

  it('carries a stream through rollovers, loss and reordering, and takes each packet once', () => {
    const sender = new SrtpSender(crypto, ours)
    const receiver = new SrtpReceiver(crypto, theirs)
    const late: Uint8Array[] = []
    for (let n = 65_000; n < 3 * 65_536; n += n % 97 === 0 ? 900 : 1) {
      if (n % 50 !== 0) sender.sealRtp(roomy(packetOf(n)), 172)
      else {
        const bytes = sealed(sender, packetOf(n))
        if (n % 100 === 0) late.push(bytes)
        else {
          expect(receiver.openRtp(bytes, bytes.length)).toBe(172)
          expect(bytes.subarray(0, 172)).toEqual(packetOf(n))
          for (const packet of late.splice(0)) {
            const again = packet.slice()
            const opened = receiver.openRtp(packet, packet.length)
            expect([172, -1]).toContain(opened)
            expect(receiver.openRtp(again, again.length)).toBe(-1)
          }
        }
      }
    }
  })

  it('refuses to seal a number twice', () => {
    const sender = new SrtpSender(crypto, ours)
    expect(sender.sealRtp(roomy(packetOf(9)), 172)).toBeGreaterThan(172)
    expect(sender.sealRtp(roomy(packetOf(9)), 172)).toBe(-1)
  })

  it('refuses every packet of which one bit is wrong, of another key, or cut', () => {
    const sender = new SrtpSender(crypto, ours)
    const good = sealed(sender, packetOf(1, 7, 20))
    const receiver = new SrtpReceiver(crypto, theirs)
    for (let bit = 0; bit < good.length * 8; bit++) {
      const bad = good.slice()
      bad[bit >> 3] ^= 1 << (bit & 7)
      expect(receiver.openRtp(bad, bad.length)).toBe(-1)
    }
    for (let length = 0; length < good.length; length++) expect(receiver.openRtp(good.slice(), length)).toBe(-1)
    expect(new SrtpReceiver(crypto, ours).openRtp(good.slice(), good.length)).toBe(-1)
    expect(receiver.openRtp(good, good.length)).toBe(32)
  })

  it('opens packets with contributing sources and an extension, which stay readable', () => {
    const plain = packetOf(5)
    plain[0] = 0x91
    plain.set([0xbe, 0xde, 0, 1], 16)
    const bytes = sealed(new SrtpSender(crypto, ours), plain)
    expect(bytes.subarray(0, 24)).toEqual(plain.subarray(0, 24))
    expect(bytes.subarray(24, 172)).not.toEqual(plain.subarray(24))
    expect(new SrtpReceiver(crypto, theirs).openRtp(bytes, bytes.length)).toBe(172)
    expect(bytes.subarray(0, 172)).toEqual(plain)
  })

  it('protects RTCP, each packet once, and takes none that is not encrypted', () => {
    const sender = new SrtpSender(crypto, ours)
    const receiver = new SrtpReceiver(crypto, theirs)
    const plain = bytesOf('80c9000100000007 81ca000200000007 0101610000000000')
    const seal = (): Uint8Array => {
      const bytes = roomy(plain)
      return bytes.slice(0, sender.sealRtcp(bytes, plain.length))
    }
    const [first, second] = [seal(), seal()]
    const copy = second.slice()
    expect(receiver.openRtcp(second, second.length)).toBe(plain.length)
    expect(receiver.openRtcp(copy, copy.length)).toBe(-1)
    for (let bit = 0; bit < first.length * 8; bit++) {
      const bad = first.slice()
      bad[bit >> 3] ^= 1 << (bit & 7)
      expect(receiver.openRtcp(bad, bad.length)).toBe(-1)
    }
    expect(receiver.openRtcp(first, first.length)).toBe(plain.length)
    expect(first.subarray(0, plain.length)).toEqual(plain)
  })

  it('lets no flood of SSRCs grow, and takes nothing that strangers make up', () => {
    const sender = new SrtpSender(crypto, ours)
    const receiver = new SrtpReceiver(crypto, theirs)
    let taken = 0
    for (let ssrc = 1; ssrc <= 100; ssrc++) {
      const bytes = sealed(sender, packetOf(ssrc, ssrc))
      if (receiver.openRtp(bytes, bytes.length) > 0) taken++
    }
    expect(taken).toBe(16)
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 120 }), (bytes) => {
        expect(receiver.openRtp(bytes.slice(), bytes.length)).toBe(-1)
        expect(receiver.openRtcp(bytes.slice(), bytes.length)).toBe(-1)
      }),
      { numRuns: 500 },
    )
  })
})

import { MAX_DATAGRAM } from '../rtp/packet.ts'
import type { SrtpCrypto } from './crypto.ts'
import type { SessionKeys } from './session-keys.ts'
import { SRTP_SUITES, type SrtpSuite } from './suites.ts'

/**
 * Makes packets confidential and authentic, in place. The part before `clear` stays readable. RTP and RTCP differ in
 * what is behind the payload: an SRTCP packet says its index (RFC 3711 section 3.4), for SRTP both sides count.
 */
export interface Transform {
  /** Of SRTCP: how far before the end of a packet its index word stands. */
  readonly indexFromEnd: number
  /** Returns the new length; there must be room for {@link MAX_TRAILER} octets more. */
  seal(bytes: Uint8Array, clear: number, length: number, ssrc: number, index: number): number
  /** Returns the new length, or -1 when the packet is not authentic. */
  open(bytes: Uint8Array, clear: number, length: number, ssrc: number, index: number): number
}

/** The most that sealing adds: tag and index of SRTCP. */
export const MAX_TRAILER = 20

/** The transform of a suite for RTP, or for RTCP. */
export function transformOf(crypto: SrtpCrypto, suite: SrtpSuite, keys: SessionKeys, isRtcp: boolean): Transform {
  const { mode, tagLength, rtcpTagLength } = SRTP_SUITES[suite]
  if (mode === 'gcm') return new GcmTransform(crypto, keys, isRtcp)
  return new CounterTransform(crypto, keys, isRtcp ? rtcpTagLength : tagLength, isRtcp)
}

/** The index of SRTCP as it stands in the packet: with the bit that says that it is encrypted. */
export function rtcpIndexWord(index: number): number {
  return (index | 0x8000_0000) >>> 0
}

/** AES in counter mode with HMAC-SHA1 (RFC 3711 section 4.1.1, 4.2.1). */
class CounterTransform implements Transform {
  readonly #crypto: SrtpCrypto
  readonly #keys: SessionKeys
  readonly #tagLength: number
  readonly #isRtcp: boolean
  readonly #iv = new Uint8Array(16)
  /** What is authenticated: the packet, and the rollover counter or the index word. */
  readonly #message = new Uint8Array(MAX_DATAGRAM + MAX_TRAILER)

  constructor(crypto: SrtpCrypto, keys: SessionKeys, tagLength: number, isRtcp: boolean) {
    this.#crypto = crypto
    this.#keys = keys
    this.#tagLength = tagLength
    this.#isRtcp = isRtcp
  }

  get indexFromEnd(): number {
    return this.#tagLength + 4
  }

  seal(bytes: Uint8Array, clear: number, length: number, ssrc: number, index: number): number {
    this.#crypt(bytes, clear, length, ssrc, index)
    let end = length
    if (this.#isRtcp) {
      writeUint32(bytes, end, rtcpIndexWord(index))
      end += 4
    }
    bytes.set(this.#tag(bytes, length, index), end)
    return end + this.#tagLength
  }

  open(bytes: Uint8Array, clear: number, length: number, ssrc: number, index: number): number {
    const tagAt = length - this.#tagLength
    const end = this.#isRtcp ? tagAt - 4 : tagAt
    if (end < clear) return -1
    const tag = this.#tag(bytes, end, index)
    let difference = 0
    for (let i = 0; i < this.#tagLength; i++) difference |= tag[i]! ^ bytes[tagAt + i]!
    if (difference !== 0) return -1
    this.#crypt(bytes, clear, end, ssrc, index)
    return end
  }

  /** Section 4.1.1: salt, SSRC and index added bit by bit; the last 16 bits count blocks. */
  #crypt(bytes: Uint8Array, from: number, to: number, ssrc: number, index: number): void {
    const iv = this.#iv
    iv.fill(0)
    iv.set(this.#keys.salt)
    xorUint32(iv, 4, ssrc)
    xorUint32(iv, 8, index / 0x1_0000)
    iv[12]! ^= (index >>> 8) & 0xff
    iv[13]! ^= index & 0xff
    bytes.set(this.#crypto.aesCounter(this.#keys.cipherKey, iv, bytes.subarray(from, to)), from)
  }

  #tag(bytes: Uint8Array, length: number, index: number): Uint8Array {
    const message = this.#message
    message.set(bytes.subarray(0, length))
    writeUint32(message, length, this.#isRtcp ? rtcpIndexWord(index) : index / 0x1_0000)
    const tag = this.#crypto.hmacSha1(this.#keys.authenticationKey, message.subarray(0, length + 4))
    return tag.subarray(0, this.#tagLength)
  }
}

/** AES-128-GCM (RFC 7714 section 8 and 9). */
class GcmTransform implements Transform {
  readonly indexFromEnd = 4
  readonly #crypto: SrtpCrypto
  readonly #keys: SessionKeys
  readonly #isRtcp: boolean
  readonly #iv = new Uint8Array(12)
  readonly #associated = new Uint8Array(2048)

  constructor(crypto: SrtpCrypto, keys: SessionKeys, isRtcp: boolean) {
    this.#crypto = crypto
    this.#keys = keys
    this.#isRtcp = isRtcp
  }

  seal(bytes: Uint8Array, clear: number, length: number, ssrc: number, index: number): number {
    const associated = this.#associatedData(bytes, clear, index)
    const iv = this.#ivOf(ssrc, index)
    const sealed = this.#crypto.sealGcm(this.#keys.cipherKey, iv, associated, bytes.subarray(clear, length))
    bytes.set(sealed, clear)
    const end = clear + sealed.length
    if (!this.#isRtcp) return end
    writeUint32(bytes, end, rtcpIndexWord(index))
    return end + 4
  }

  open(bytes: Uint8Array, clear: number, length: number, ssrc: number, index: number): number {
    const end = this.#isRtcp ? length - 4 : length
    if (end < clear + GCM_TAG_LENGTH) return -1
    const associated = this.#associatedData(bytes, clear, index)
    const iv = this.#ivOf(ssrc, index)
    const opened = this.#crypto.openGcm(this.#keys.cipherKey, iv, associated, bytes.subarray(clear, end))
    if (opened === undefined) return -1
    bytes.set(opened, clear)
    return clear + opened.length
  }

  /** Section 8.1 and 9.1: both forms are SSRC and 48 bits of index after two octets of zero. */
  #ivOf(ssrc: number, index: number): Uint8Array {
    const iv = this.#iv
    iv.set(this.#keys.salt)
    xorUint32(iv, 2, ssrc)
    xorUint32(iv, 6, index / 0x1_0000)
    iv[10]! ^= (index >>> 8) & 0xff
    iv[11]! ^= index & 0xff
    return iv
  }

  /** The header, and the index word of SRTCP (section 9.2). */
  #associatedData(bytes: Uint8Array, clear: number, index: number): Uint8Array {
    if (!this.#isRtcp) return bytes.subarray(0, clear)
    this.#associated.set(bytes.subarray(0, clear))
    writeUint32(this.#associated, clear, rtcpIndexWord(index))
    return this.#associated.subarray(0, clear + 4)
  }
}

const GCM_TAG_LENGTH = 16

/** The upper bits of an index come as a fraction: `>>>` drops what is behind the point. */
function xorUint32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at]! ^= (value >>> 24) & 0xff
  bytes[at + 1]! ^= (value >>> 16) & 0xff
  bytes[at + 2]! ^= (value >>> 8) & 0xff
  bytes[at + 3]! ^= value & 0xff
}

function writeUint32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24
  bytes[at + 1] = value >>> 16
  bytes[at + 2] = value >>> 8
  bytes[at + 3] = value & 0xff
}

import { hmac } from '@noble/hashes/hmac.js'
import { md5 } from '@noble/hashes/legacy.js'
import { sha256, sha512_256 } from '@noble/hashes/sha2.js'
import { toHex, utf8Encode } from '../../kit/index.ts'

/** The hash functions of SIP digest (RFC 8760 section 2.1), spelt as on the wire. */
export type DigestHash = 'MD5' | 'SHA-256' | 'SHA-512-256'

/** A digest algorithm: a hash, in its plain or its session variant (RFC 7616 section 3.4.2). */
export type DigestAlgorithm = DigestHash | `${DigestHash}-sess`

const HASHES: Readonly<Record<DigestHash, (bytes: Uint8Array) => Uint8Array>> = {
  MD5: md5,
  'SHA-256': sha256,
  'SHA-512-256': sha512_256,
}

const BY_NAME: ReadonlyMap<string, DigestAlgorithm> = new Map(
  (Object.keys(HASHES) as DigestHash[])
    .flatMap((hash): DigestAlgorithm[] => [hash, `${hash}-sess`])
    .map((algorithm) => [algorithm.toLowerCase(), algorithm]),
)

/** The algorithm of that name in any case; MD5 when there is no name (RFC 7616 section 3.3); `undefined`: not ours. */
export function algorithmNamed(name: string | undefined): DigestAlgorithm | undefined {
  return BY_NAME.get((name ?? 'MD5').toLowerCase())
}

export function hashOf(algorithm: DigestAlgorithm): DigestHash {
  return (isSession(algorithm) ? algorithm.slice(0, -5) : algorithm) as DigestHash
}

export function isSession(algorithm: DigestAlgorithm): boolean {
  return algorithm.endsWith('-sess')
}

/** H(text) of RFC 7616 section 3.3: lower-case hexadecimal of the hash of the UTF-8 text. */
export function hashText(hash: DigestHash, text: string): string {
  return toHex(HASHES[hash](utf8Encode(text)))
}

/** HMAC-SHA-256 of a text in hexadecimal, to recognise what we issued ourselves. */
export function seal(key: Uint8Array, text: string): string {
  return toHex(hmac(sha256, key, utf8Encode(text)))
}

/** Whether two texts are equal, in a time that depends on their lengths only. */
export function constantTimeEqual(a: string, b: string): boolean {
  let difference = a.length ^ b.length
  for (let i = 0; i < b.length; i++) difference |= (a.charCodeAt(i) || 0) ^ b.charCodeAt(i)
  return difference === 0
}

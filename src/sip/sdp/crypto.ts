import { fromBase64, type Random, toBase64 } from '../../kit/index.ts'

/**
 * What a trunk or an exchange thinks of SRTP with keys in the session description (SDES, RFC 4568).
 * `forbidden`: never. `accepted`: where the far end offers it. `offered`: we offer it too, and talk in the clear to
 * those who do not take it (RFC 8643). `required`: no call without it.
 */
export type SrtpPolicy = 'forbidden' | 'accepted' | 'offered' | 'required'

/** Octets of master key and master salt of the suites that we speak, best first (RFC 4568 section 6.2, RFC 7714). */
const KEY_LENGTHS = {
  AEAD_AES_128_GCM: 28,
  AES_CM_128_HMAC_SHA1_80: 30,
  AES_CM_128_HMAC_SHA1_32: 30,
} as const

export type CryptoSuite = keyof typeof KEY_LENGTHS

/** The suites in the order of our offers. The tag of each is its place, counted from 1. */
const SUITES = Object.keys(KEY_LENGTHS) as CryptoSuite[]

/** An `a=crypto` line that can be used. */
export interface CryptoLine {
  readonly tag: number
  readonly suite: CryptoSuite
  readonly keyAndSalt: Uint8Array
}

/** The keys of one session: one for each suite, so that no two uses share a keystream. */
export type CryptoKeys = Readonly<Record<CryptoSuite, Uint8Array>>

export function createKeys(random: Random): CryptoKeys {
  const key = (suite: CryptoSuite): Uint8Array =>
    Uint8Array.from({ length: KEY_LENGTHS[suite] }, () => random.uint32() >>> 24)
  return {
    AEAD_AES_128_GCM: key('AEAD_AES_128_GCM'),
    AES_CM_128_HMAC_SHA1_80: key('AES_CM_128_HMAC_SHA1_80'),
    AES_CM_128_HMAC_SHA1_32: key('AES_CM_128_HMAC_SHA1_32'),
  }
}

/** The lines of an offer. */
export function offeredLines(keys: CryptoKeys): CryptoLine[] {
  return SUITES.map((suite, index) => ({ tag: index + 1, suite, keyAndSalt: keys[suite] }))
}

/** Whether a line of an answer takes up one of {@link offeredLines}. */
export function answersOffer({ tag, suite }: CryptoLine): boolean {
  return SUITES[tag - 1] === suite
}

export function printCrypto({ tag, suite, keyAndSalt }: CryptoLine): string {
  return `a=crypto:${tag} ${suite} inline:${toBase64(keyAndSalt)}\r\n`
}

/**
 * Reads an `a=crypto` line; `undefined` for suites, keys and session parameters that we do not have. Lifetimes are
 * read over: no call of ours lasts 2^31 packets. A master key identifier is not: it would stand in every packet.
 */
export function readCrypto(line: string): CryptoLine | undefined {
  const [, tag, name, inline = ''] = CRYPTO.exec(line) ?? []
  const suite = SUITES.find((candidate) => candidate === name)
  if (suite === undefined) return undefined
  const keyAndSalt = fromBase64(inline)
  return keyAndSalt.length === KEY_LENGTHS[suite] ? { tag: Number(tag), suite, keyAndSalt } : undefined
}

/** One key, perhaps with a lifetime; of the session parameters only the window hint, which asks for nothing (RFC 4568 section 9). */
const CRYPTO =
  /^a=crypto:(\d{1,9}) (\w+) inline:([A-Za-z0-9+/]{1,64}={0,2})(?:\|(?:2\^\d{1,2}|\d{1,15}))?(?: WSH=\d{1,5})?\s*$/

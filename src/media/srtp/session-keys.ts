import type { SrtpCrypto } from './crypto.ts'
import { MASTER_KEY_LENGTH, SRTP_SUITES, type SrtpSuite } from './suites.ts'

/** The keys of one direction of SRTP or of SRTCP. */
export interface SessionKeys {
  readonly cipherKey: Uint8Array
  readonly salt: Uint8Array
  /** Unused by GCM, which authenticates with the cipher key. */
  readonly authenticationKey: Uint8Array
}

/** What the labels of RFC 3711 section 4.3.1 and 4.3.2 count from. */
export const KEY_LABELS = { rtp: 0, rtcp: 3 } as const

/**
 * Derives session keys from master key and salt, once for the life of the stream (RFC 3711 section 4.3, key
 * derivation rate 0; RFC 7714 section 11 pads its shorter salt with zeros).
 * @param keyAndSalt as SDP carries them, of the length of the suite
 */
export function deriveKeys(
  crypto: SrtpCrypto,
  suite: SrtpSuite,
  keyAndSalt: Uint8Array,
  firstLabel: (typeof KEY_LABELS)[keyof typeof KEY_LABELS],
): SessionKeys {
  const masterKey = keyAndSalt.subarray(0, MASTER_KEY_LENGTH)
  const masterSalt = keyAndSalt.subarray(MASTER_KEY_LENGTH)
  const derive = (label: number, length: number): Uint8Array => {
    const iv = new Uint8Array(16)
    iv.set(masterSalt)
    iv[7]! ^= label
    return crypto.aesCounter(masterKey, iv, new Uint8Array(length)).slice()
  }
  return {
    cipherKey: derive(firstLabel, MASTER_KEY_LENGTH),
    authenticationKey: derive(firstLabel + 1, AUTHENTICATION_KEY_LENGTH),
    salt: derive(firstLabel + 2, SRTP_SUITES[suite].saltLength),
  }
}

/** Of HMAC-SHA1 (RFC 3711 section 5.2). */
const AUTHENTICATION_KEY_LENGTH = 20

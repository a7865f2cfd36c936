/** A crypto suite as SDP names it (RFC 4568 section 6.2, RFC 7714 section 14.2). Lengths in octets. */
export interface SuiteParameters {
  readonly mode: 'counter' | 'gcm'
  /** Of the master salt and of the session salt. */
  readonly saltLength: number
  /** Authentication tags of SRTP and of SRTCP. */
  readonly tagLength: number
  readonly rtcpTagLength: number
}

/** The suites that we speak, in our order of preference; all have keys of 16 octets. */
export const SRTP_SUITES = {
  AEAD_AES_128_GCM: { mode: 'gcm', saltLength: 12, tagLength: 16, rtcpTagLength: 16 },
  AES_CM_128_HMAC_SHA1_80: { mode: 'counter', saltLength: 14, tagLength: 10, rtcpTagLength: 10 },
  AES_CM_128_HMAC_SHA1_32: { mode: 'counter', saltLength: 14, tagLength: 4, rtcpTagLength: 10 },
} as const satisfies Record<string, SuiteParameters>

export type SrtpSuite = keyof typeof SRTP_SUITES

export const MASTER_KEY_LENGTH = 16

/** Octets of the key and salt that SDP carries for a suite. */
export function keyAndSaltLength(suite: SrtpSuite): number {
  return MASTER_KEY_LENGTH + SRTP_SUITES[suite].saltLength
}

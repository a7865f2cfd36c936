import { type DigestAlgorithm, type DigestHash, hashOf, hashText, isSession } from './algorithms.ts'

/** What a digest response is computed from (RFC 7616 section 3.4). */
export interface DigestInput {
  readonly algorithm: DigestAlgorithm
  /** H(username:realm:password), see {@link hashCredentials}. */
  readonly ha1: string
  readonly method: string
  /** The `uri` parameter: the Request-URI as the client wrote it. */
  readonly uri: string
  readonly nonce: string
  /** With `qop=auth`: how often the client has used the nonce, and its own random text. Absent: the RFC 2069 form. */
  readonly auth?: { readonly nc: string; readonly cnonce: string } | undefined
}

/** HA1 as it may be stored instead of a password: H(username:realm:password), hexadecimal. */
export function hashCredentials(hash: DigestHash, username: string, realm: string, password: string): string {
  return hashText(hash, `${username}:${realm}:${password}`)
}

/** The `response` parameter (RFC 7616 section 3.4.1; without qop: RFC 2069 as kept by section 3.4.1 of RFC 2617). */
export function digestResponse(input: DigestInput): string {
  const { algorithm, nonce, auth } = input
  const hash = hashOf(algorithm)
  const ha1 = isSession(algorithm) ? hashText(hash, `${input.ha1}:${nonce}:${auth?.cnonce ?? ''}`) : input.ha1
  const ha2 = hashText(hash, `${input.method}:${input.uri}`)
  const middle = auth === undefined ? nonce : `${nonce}:${auth.nc}:${auth.cnonce}:auth`
  return hashText(hash, `${ha1}:${middle}:${ha2}`)
}

/**
 * The ciphers under SRTP. This room has none: the server hands in those of `node:crypto`. Results may be views of
 * the library's own memory; nobody keeps them.
 */
export interface SrtpCrypto {
  /** AES-128 in counter mode from the 16-octet block `iv` on; the same call encrypts and decrypts. */
  aesCounter(key: Uint8Array, iv: Uint8Array, data: Uint8Array): Uint8Array
  /** 20 octets. */
  hmacSha1(key: Uint8Array, data: Uint8Array): Uint8Array
  /** AES-128-GCM: the ciphertext and 16 octets of tag behind it. */
  sealGcm(key: Uint8Array, iv: Uint8Array, aad: Uint8Array, data: Uint8Array): Uint8Array
  /** Takes that apart again; `undefined` when the tag is wrong. */
  openGcm(key: Uint8Array, iv: Uint8Array, aad: Uint8Array, sealed: Uint8Array): Uint8Array | undefined
}

import type { SrtpCrypto } from './crypto.ts'

/** The part of `node:crypto` that SRTP needs, without Node's types, which this room does not have. */
export interface NodeCrypto {
  createCipheriv(algorithm: string, key: Uint8Array, iv: Uint8Array): NodeCipher & { getAuthTag(): Uint8Array }
  createDecipheriv(
    algorithm: string,
    key: Uint8Array,
    iv: Uint8Array,
  ): NodeCipher & { setAuthTag(tag: Uint8Array): unknown }
  createHmac(algorithm: string, key: Uint8Array): { update(data: Uint8Array): { digest(): Uint8Array } }
}

interface NodeCipher {
  setAAD(data: Uint8Array): unknown
  update(data: Uint8Array): Uint8Array
  final(): Uint8Array
}

/** The ciphers of SRTP from `node:crypto`, or anything of its shape. */
export function srtpCryptoOf(node: object): SrtpCrypto {
  const { createCipheriv, createDecipheriv, createHmac } = node as NodeCrypto
  return {
    aesCounter: (key, iv, data) => createCipheriv('aes-128-ctr', key, iv).update(data),
    hmacSha1: (key, data) => createHmac('sha1', key).update(data).digest(),
    sealGcm(key, iv, aad, data) {
      const cipher = createCipheriv('aes-128-gcm', key, iv)
      cipher.setAAD(aad)
      const sealed = new Uint8Array(data.length + TAG_LENGTH)
      sealed.set(cipher.update(data))
      cipher.final()
      sealed.set(cipher.getAuthTag(), data.length)
      return sealed
    },
    openGcm(key, iv, aad, sealed) {
      const decipher = createDecipheriv('aes-128-gcm', key, iv)
      decipher.setAAD(aad)
      decipher.setAuthTag(sealed.subarray(sealed.length - TAG_LENGTH))
      const data = decipher.update(sealed.subarray(0, sealed.length - TAG_LENGTH))
      try {
        decipher.final()
      } catch {
        return undefined
      }
      return data
    },
  }
}

const TAG_LENGTH = 16

import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto'
import type { PromptSeal } from '../../speech/index.ts'
import type { MediaKey } from '../files/seal/media-keys.ts'

/**
 * Keeps what was spoken unreadable for whoever has the disk alone: 12 octets of nonce, the prompt encrypted with AES-256-GCM,
 * 16 octets of its tag. Names are keyed too, as who guesses a text could look for its name. Both keys come from the one that
 * encrypts media files, by HKDF-SHA-256 (RFC 5869). After that one has changed, prompts are spoken anew.
 */
export class PromptCipher implements PromptSeal {
  readonly #key: Uint8Array
  readonly #nameKey: Uint8Array

  constructor({ bytes }: MediaKey) {
    const derived = (purpose: string) =>
      new Uint8Array(hkdfSync('sha256', bytes, '', `ringdown speech cache ${purpose}`, 32))
    this.#key = derived('prompts')
    this.#nameKey = derived('names')
  }

  nameOf(key: string): string {
    return createHmac('sha256', this.#nameKey).update(key).digest('hex')
  }

  close(bytes: Uint8Array): Uint8Array {
    const nonce = randomBytes(NONCE_BYTES)
    const cipher = createCipheriv('aes-256-gcm', this.#key, nonce)
    return Buffer.concat([nonce, cipher.update(bytes), cipher.final(), cipher.getAuthTag()])
  }

  open(sealed: Uint8Array): Uint8Array | undefined {
    if (sealed.length < NONCE_BYTES + TAG_BYTES) return undefined
    const decipher = createDecipheriv('aes-256-gcm', this.#key, sealed.subarray(0, NONCE_BYTES))
    decipher.setAuthTag(sealed.subarray(-TAG_BYTES))
    const text = decipher.update(sealed.subarray(NONCE_BYTES, -TAG_BYTES))
    try {
      return Buffer.concat([text, decipher.final()])
    } catch {
      return undefined
    }
  }
}

const NONCE_BYTES = 12
const TAG_BYTES = 16

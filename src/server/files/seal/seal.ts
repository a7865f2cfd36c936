import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'
import type { MediaKey } from './media-keys.ts'

/*
 * How an encrypted file is laid out: a header of 64 octets, then segments of 4,096 octets of the file, the last of them
 * shorter, each encrypted by AES-256-GCM with 16 octets of its tag behind it (the STREAM construction of Hoang, Reyhanitabar,
 * Rogaway and Vizár, "Online Authenticated-Encryption and its Nonce-Reuse Misuse-Resistance", 2015).
 *
 *   0  "RDSEALED"     8  version, 1     9  segments of 2^n octets, 12     10  zeros     16  key id     24  salt     56  zeros
 *
 * Every file has a key of its own: HKDF-SHA-256 of the store's key, salted, with the header as its info; so no two files
 * share nonces, and a header that was changed opens nothing. The nonce of a segment is its number and its kind: the last
 * one is marked, so that a file that was cut between two segments is found out, and so is the first one while the recording
 * grows, because it is written a second time at the end, with the header that counts what is there. No nonce seals two
 * different texts.
 */

/** Octets before the first segment. */
export const SEAL_HEADER_BYTES = 64
/** Octets of the file in a segment. */
export const SEGMENT_BYTES = 4096
/** Octets of a segment on the disk. */
export const SEALED_SEGMENT_BYTES: number = SEGMENT_BYTES + 16

/** What a segment is, beside its number. */
export const SEGMENT_KIND = { MIDDLE: 0, LAST: 1, PROVISIONAL: 2 } as const
export type SegmentKind = (typeof SEGMENT_KIND)[keyof typeof SEGMENT_KIND]

const MAGIC = Buffer.from('RDSEALED', 'latin1')
const VERSION = 1
const SEGMENT_BITS = 12

/** Whether a file is encrypted, by its first octets. */
export function isSealed(head: Uint8Array): boolean {
  return head.length >= MAGIC.length && MAGIC.equals(head.subarray(0, MAGIC.length))
}

/**
 * The id of the key that a header names.
 * @throws Error when this version cannot read the file
 */
export function keyIdOf(header: Uint8Array): string {
  if (header.length < SEAL_HEADER_BYTES) throw damaged()
  if (header[8] !== VERSION || header[9] !== SEGMENT_BITS)
    throw new Error(`it is encrypted in a way that is not known here (version ${header[8]})`)
  return Buffer.from(header.subarray(16, 24)).toString('hex')
}

/** What is said of a file that does not open. */
export function damaged(): Error {
  return new Error('it is encrypted, and was cut short or changed since')
}

/** Seals and opens the segments of one file. */
export class Seal {
  readonly header: Uint8Array
  readonly #key: Uint8Array

  private constructor(header: Uint8Array, { bytes }: MediaKey) {
    this.header = header
    this.#key = new Uint8Array(hkdfSync('sha256', bytes, header.subarray(24, 56), header, 32))
  }

  /** For a new file. */
  static create(key: MediaKey): Seal {
    const header = new Uint8Array(SEAL_HEADER_BYTES)
    header.set(MAGIC)
    header[8] = VERSION
    header[9] = SEGMENT_BITS
    header.set(Buffer.from(key.id, 'hex'), 16)
    header.set(randomBytes(32), 24)
    return new Seal(header, key)
  }

  /** For a file with this header, which names this key. */
  static of(header: Uint8Array, key: MediaKey): Seal {
    return new Seal(header.slice(), key)
  }

  close(segment: Uint8Array, index: number, kind: SegmentKind): Uint8Array {
    const cipher = createCipheriv('aes-256-gcm', this.#key, nonceOf(index, kind))
    return Buffer.concat([cipher.update(segment), cipher.final(), cipher.getAuthTag()])
  }

  /** `undefined` when it is not what was sealed: nothing of it is given. */
  open(sealed: Uint8Array, index: number, kind: SegmentKind): Uint8Array | undefined {
    if (sealed.length < TAG_BYTES) return undefined
    const decipher = createDecipheriv('aes-256-gcm', this.#key, nonceOf(index, kind))
    decipher.setAuthTag(sealed.subarray(sealed.length - TAG_BYTES))
    const segment = decipher.update(sealed.subarray(0, sealed.length - TAG_BYTES))
    try {
      decipher.final()
    } catch {
      return undefined
    }
    return segment
  }
}

const TAG_BYTES = 16

function nonceOf(index: number, kind: SegmentKind): Uint8Array {
  const nonce = Buffer.alloc(12)
  nonce.writeUInt32BE(index, 7)
  nonce[11] = kind
  return nonce
}

/** Where a segment begins on the disk. */
export function segmentAt(index: number): number {
  return SEAL_HEADER_BYTES + index * SEALED_SEGMENT_BYTES
}

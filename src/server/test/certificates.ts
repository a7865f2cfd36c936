import { createPrivateKey, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto'
import { isIP } from 'node:net'

/** A certificate and its key, both PEM. */
export interface Issued {
  readonly certificate: string
  readonly key: string
}

/**
 * An authority of certificates for one test, made when it is needed: nothing secret stands in the repository, and no program
 * is called. X.509 version 3 (RFC 5280) with P-256 keys, written down as DER by hand.
 */
export class TestAuthority {
  /** The certificate of the authority, PEM. */
  readonly certificate: string
  readonly #name: string
  readonly #key: KeyObject

  constructor(name = 'Test authority') {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    this.#name = name
    this.#key = privateKey
    this.certificate = this.#sign(name, publicKey, [], true)
  }

  /** @param names hosts, addresses and URIs that the certificate is for, all as alternative names; the first is also the common name */
  issue(...names: readonly string[]): Issued {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const key = privateKey.export({ type: 'pkcs8', format: 'pem' }) as string
    return { certificate: this.#sign(names[0] ?? 'nobody', publicKey, names, false), key }
  }

  #sign(subject: string, publicKey: KeyObject, names: readonly string[], isAuthority: boolean): string {
    const day = 86_400_000
    const body = sequence(
      tagged(0xa0, integer(Buffer.from([2]))),
      integer(Buffer.concat([Buffer.from([1]), randomBytes(8)])),
      ECDSA_WITH_SHA256,
      commonName(this.#name),
      sequence(time(Date.now() - day), time(Date.now() + 30 * day)),
      commonName(subject),
      publicKey.export({ type: 'spki', format: 'der' }),
      tagged(0xa3, sequence(basicConstraints(isAuthority), ...(names.length > 0 ? [alternativeNames(names)] : []))),
    )
    const signature = sign('sha256', body, createPrivateKey(this.#key.export({ type: 'pkcs8', format: 'pem' })))
    const certificate = sequence(body, ECDSA_WITH_SHA256, tagged(0x03, Buffer.from([0]), signature))
    const base64 = certificate.toString('base64').replace(/.{1,64}/g, '$&\n')
    return `-----BEGIN CERTIFICATE-----\n${base64}-----END CERTIFICATE-----\n`
  }
}

function tagged(tag: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts)
  const { length } = content
  const head =
    length < 128 ? [tag, length] : length < 256 ? [tag, 0x81, length] : [tag, 0x82, length >> 8, length & 255]
  return Buffer.concat([Buffer.from(head), content])
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return tagged(0x30, ...parts)
}

function integer(bytes: Buffer): Buffer {
  return tagged(0x02, bytes)
}

function oid(hex: string): Buffer {
  return tagged(0x06, Buffer.from(hex, 'hex'))
}

/** 1.2.840.10045.4.3.2 */
const ECDSA_WITH_SHA256 = sequence(oid('2a8648ce3d040302'))

/** A name of one part, 2.5.4.3. */
function commonName(text: string): Buffer {
  return sequence(tagged(0x31, sequence(oid('550403'), tagged(0x0c, Buffer.from(text)))))
}

function time(ms: number): Buffer {
  const text = new Date(ms).toISOString().replace(/[-:T]|\.\d+/g, '')
  return tagged(0x18, Buffer.from(text))
}

/** 2.5.29.19, critical */
function basicConstraints(isAuthority: boolean): Buffer {
  const value = isAuthority ? sequence(tagged(0x01, Buffer.from([0xff]))) : sequence()
  return sequence(oid('551d13'), tagged(0x01, Buffer.from([0xff])), tagged(0x04, value))
}

/** 2.5.29.17 */
function alternativeNames(names: readonly string[]): Buffer {
  const entries = names.map((name) => {
    if (isIP(name) === 4) return tagged(0x87, Buffer.from(name.split('.').map(Number)))
    if (isIP(name) === 6) return tagged(0x87, ipv6(name))
    return tagged(name.includes(':') ? 0x86 : 0x82, Buffer.from(name))
  })
  return sequence(oid('551d11'), tagged(0x04, sequence(...entries)))
}

function ipv6(address: string): Buffer {
  const [head = '', tail] = address.split('::')
  const groups = (text: string) => (text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16)))
  const first = groups(head)
  const last = groups(tail ?? '')
  const all = [...first, ...new Array<number>(8 - first.length - last.length).fill(0), ...last]
  return Buffer.from(all.flatMap((group) => [group >> 8, group & 255]))
}

import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createSecureContext } from 'node:tls'

/** The files of one use of TLS, as absolute paths, all of them PEM. */
export interface TlsFiles {
  /** Our certificate, followed by those between it and an authority. */
  readonly certificate?: string
  /** Its private key, without a password. */
  readonly key?: string
  /** The certificates of the authorities that are believed. */
  readonly authority?: string
}

/** What the files hold, once it is known to be of use. */
export interface TlsMaterial {
  readonly cert?: string
  readonly key?: string
  readonly ca?: string
}

/** Reads files and tries what is in them; every problem names its file. */
export function readTlsFiles(files: TlsFiles): {
  readonly material: TlsMaterial
  readonly problems: readonly string[]
} {
  const problems: string[] = []
  const read = (path: string | undefined): string | undefined => {
    if (path === undefined) return undefined
    try {
      return readFileSync(path, 'utf8')
    } catch (error) {
      problems.push(`${path} cannot be read: ${(error as Error).message}`)
      return undefined
    }
  }
  const parse = <Parsed>(path: string | undefined, what: string, parser: () => Parsed): Parsed | undefined => {
    try {
      return parser()
    } catch (error) {
      problems.push(`${path} holds no ${what} in PEM that is of use: ${(error as Error).message}`)
      return undefined
    }
  }
  const cert = read(files.certificate)
  const key = read(files.key)
  const ca = read(files.authority)
  const certificate =
    cert === undefined ? undefined : parse(files.certificate, 'certificate', () => new X509Certificate(cert))
  const privateKey =
    key === undefined ? undefined : parse(files.key, 'private key', (): KeyObject => createPrivateKey(key))
  if (ca !== undefined) parse(files.authority, 'certificate', () => new X509Certificate(ca))
  if (certificate !== undefined && privateKey !== undefined && !certificate.checkPrivateKey(privateKey))
    problems.push(`${files.key} is not the private key of the certificate in ${files.certificate}`)
  const material = {
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
    ...(ca !== undefined && { ca }),
  }
  if (problems.length === 0) parse(Object.values(files).join(', '), 'combination', () => createSecureContext(material))
  return { material, problems }
}

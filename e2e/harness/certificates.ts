import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { TestAuthority } from '../../src/server/test/certificates.ts'

/** The paths of a certificate and its key. */
export interface IssuedFiles {
  readonly certificate: string
  readonly key: string
}

/** An authority for one test file, whose certificates are files in a folder of their own. */
export class CertificateFolder {
  readonly #authority = new TestAuthority()
  readonly #folder = mkdtempSync(join(tmpdir(), 'ringdown-certificates-'))
  /** The path of the authority's certificate. */
  readonly authority = this.#write('authority.pem', this.#authority.certificate)

  /** @param names the hosts and addresses that it is for; the first also names the files */
  issue(...names: readonly string[]): IssuedFiles {
    const { certificate, key } = this.#authority.issue(...names)
    return {
      certificate: this.#write(`${names[0]}.pem`, certificate),
      key: this.#write(`${names[0]}.key.pem`, key),
    }
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true })
  }

  #write(name: string, content: string): string {
    const path = join(this.#folder, name)
    writeFileSync(path, content)
    return path
  }
}

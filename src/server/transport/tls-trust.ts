import { isIP } from 'node:net'
import { type ConnectionOptions, createSecureContext, type SecureContext } from 'node:tls'
import type { Logger } from '../../kit/index.ts'
import type { TlsTrustSettings } from '../config/settings.ts'
import type { TlsFiles } from '../config/tls-files.ts'
import { problemWithName } from './certificate-names.ts'
import { WatchedTlsFiles } from './watched-tls-files.ts'

/** The client's side of TLS: for each name that is dialled the authorities that may vouch for it, read again when they change. */
export class TlsTrust {
  readonly #default: Trusted
  readonly #byName = new Map<string, Trusted>()

  /** @throws RingdownError RINGDOWN_TRANSPORT naming the file that is of no use */
  constructor({ files, authorities }: TlsTrustSettings, logger: Logger) {
    this.#default = new Trusted(files, logger)
    for (const [name, authority] of authorities) this.#byName.set(name, new Trusted({ ...files, authority }, logger))
  }

  /** @param name what was dialled, which the certificate of the far end must hold (RFC 5922 section 7.2) */
  optionsFor(name: string): ConnectionOptions {
    const trusted = this.#byName.get(name.toLowerCase()) ?? this.#default
    return {
      secureContext: trusted.context,
      rejectUnauthorized: true,
      // Server Name Indication knows no addresses (RFC 6066 section 3).
      servername: isIP(name) === 0 ? name : '',
      checkServerIdentity: (_, certificate) => problemWithName(name, certificate),
    }
  }

  close(): void {
    for (const trusted of [this.#default, ...this.#byName.values()]) trusted.close()
  }
}

class Trusted {
  context: SecureContext
  readonly #files: WatchedTlsFiles

  constructor(files: TlsFiles, logger: Logger) {
    this.#files = WatchedTlsFiles.open(files, logger)
    this.context = createSecureContext(this.#files.options)
    this.#files.onChange((options) => {
      this.context = createSecureContext(options)
    })
  }

  close(): void {
    this.#files.close()
  }
}

import { type Stats, unwatchFile, watchFile } from 'node:fs'
import type { SecureContextOptions } from 'node:tls'
import { type Logger, RingdownError } from '../../kit/index.ts'
import { readTlsFiles, type TlsFiles, type TlsMaterial } from '../config/tls-files.ts'

/** How often the files are looked at: by their times, so that links which are changed to other files count too. */
const LOOK_EVERY_MS = 2_000

/**
 * The certificates and keys of one use of TLS. When a file changes all are read again; as long as they are of no use
 * together (one is there and the other is not yet, say) that is logged, and what was read before stays.
 */
export class WatchedTlsFiles {
  readonly #files: TlsFiles
  readonly #logger: Logger
  readonly #listeners: ((options: SecureContextOptions) => void)[] = []
  #material: TlsMaterial

  private constructor(files: TlsFiles, material: TlsMaterial, logger: Logger) {
    this.#files = files
    this.#material = material
    this.#logger = logger
    for (const path of this.#paths) watchFile(path, { interval: LOOK_EVERY_MS, persistent: false }, this.#onLook)
  }

  /** @throws RingdownError RINGDOWN_TRANSPORT naming the file that is of no use */
  static open(files: TlsFiles, logger: Logger): WatchedTlsFiles {
    const { material, problems } = readTlsFiles(files)
    if (problems.length > 0) throw new RingdownError('RINGDOWN_TRANSPORT', problems.join('; '))
    return new WatchedTlsFiles(files, material, logger)
  }

  /** For a connection that begins now. TLS before 1.2 is not spoken (RFC 8996). */
  get options(): SecureContextOptions {
    return { ...this.#material, minVersion: 'TLSv1.2' }
  }

  onChange(listener: (options: SecureContextOptions) => void): void {
    this.#listeners.push(listener)
  }

  close(): void {
    for (const path of this.#paths) unwatchFile(path, this.#onLook)
  }

  get #paths(): readonly string[] {
    return Object.values(this.#files)
  }

  readonly #onLook = (now: Stats, before: Stats): void => {
    if (now.mtimeMs === before.mtimeMs && now.ino === before.ino && now.size === before.size) return
    const { material, problems } = readTlsFiles(this.#files)
    const files = this.#paths
    if (problems.length > 0) {
      this.#logger.error({ files, problems }, 'changed files of TLS are of no use; what was read before stays')
      return
    }
    this.#material = material
    for (const listener of this.#listeners) listener(this.options)
    this.#logger.info({ files }, 'files of TLS were read again; new connections use them')
  }
}

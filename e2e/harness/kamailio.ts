import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { IssuedFiles } from './certificates.ts'
import { Child } from './child.ts'
import { isBound } from './loopback.ts'
import { waitFor } from './wait.ts'

export interface KamailioOptions {
  /** Where it listens: UDP and TCP on 5060, TLS on 5061. */
  readonly address: string
  /** The exchanges that it spreads calls over, as SIP URIs, the preferred first. */
  readonly exchanges: readonly string[]
  /** Its own certificate, which it shows to both sides. */
  readonly certificate: IssuedFiles
  /** The authority that must vouch for far ends on TLS, also for those that connect to it. */
  readonly authority: string
}

/** A running Kamailio with `e2e/kamailio/kamailio.cfg`, in the foreground. */
export class Kamailio {
  readonly #folder: string
  readonly #child: Child

  private constructor(folder: string) {
    this.#folder = folder
    const files = ['-f', join(folder, 'kamailio.cfg'), '-Y', folder, '-P', join(folder, 'pid')]
    // Should this process be killed, it must end by itself.
    this.#child = new Child('timeout', [
      String(LONGEST_LIFE_S),
      'kamailio',
      '-DD',
      '-E',
      '-m',
      '64',
      '-M',
      '8',
      ...files,
    ])
  }

  static async start({ address, exchanges, certificate, authority }: KamailioOptions): Promise<Kamailio> {
    const folder = mkdtempSync(join(tmpdir(), 'ringdown-kamailio-'))
    const template = readFileSync(new URL('../kamailio/kamailio.cfg', import.meta.url), 'utf8')
    writeFileSync(
      join(folder, 'kamailio.cfg'),
      template.replaceAll('{{address}}', address).replaceAll('{{folder}}', folder),
    )
    // Set, destination, flags, priority.
    const list = exchanges.map((uri, index) => `1 ${uri} 0 ${exchanges.length - index}\n`)
    writeFileSync(join(folder, 'dispatcher.list'), list.join(''))
    const common = [
      'method = TLSv1.2+',
      'verify_certificate = yes',
      'require_certificate = yes',
      `certificate = ${certificate.certificate}`,
      `private_key = ${certificate.key}`,
      `ca_list = ${authority}`,
    ].join('\n')
    writeFileSync(join(folder, 'tls.cfg'), `[server:default]\n${common}\n[client:default]\n${common}\n`)
    const kamailio = new Kamailio(folder)
    try {
      await waitFor('Kamailio listens', () => {
        if (kamailio.#child.hasExited) throw new Error(`Kamailio ended:\n${kamailio.output.slice(-3000)}`)
        return isBound('udp', address, 5060) && isBound('tcp', address, 5061)
      })
    } catch (error) {
      await kamailio.stop()
      throw error
    }
    return kamailio
  }

  /** What it logged so far. */
  get output(): string {
    return this.#child.output
  }

  /** How many requests of a method it was sent. */
  requests(method: string): number {
    return this.output.split(`a request passes: ${method}\n`).length - 1
  }

  async stop(): Promise<void> {
    await this.#child.stop()
    rmSync(this.#folder, { recursive: true, force: true })
  }
}

const LONGEST_LIFE_S = 180

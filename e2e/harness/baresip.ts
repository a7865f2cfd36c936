import { randomInt } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readWav, writeWav } from './audio.ts'
import type { IssuedFiles } from './certificates.ts'
import { Child } from './child.ts'
import { isBound } from './loopback.ts'
import { waitFor } from './wait.ts'

export interface BaresipOptions {
  address: string
  /** What it says as soon as the call stands. It hangs up when this ends, so let silence follow the words. */
  says: Int16Array
  /** Whether it picks up by itself. Default true. */
  answers?: boolean
  /** The only codec that it has, as baresip names it. Default PCMU. */
  codec?: string
  /** The files of its certificate for TLS, which it speaks on port 5061. Default: no TLS. */
  tls?: IssuedFiles & { readonly authority: string }
  /** SRTP with keys in the session description: taken and offered (RTP/AVP), or without it no call (RTP/SAVP). */
  srtp?: 'offered' | 'required'
  /** Where it registers, and as whom. Default: nowhere. */
  registers?: {
    /** The address of the registrar. */
    readonly at: string
    readonly transport: 'udp' | 'tcp' | 'tls'
    readonly username: string
    readonly password: string
    /** For how long, in seconds. Default 600. */
    readonly expiresS?: number
  }
}

/**
 * A running baresip without display or sound card. It speaks from a WAV file (aufile), hears into
 * another (sndfile, a filter that dumps what was decoded), and takes commands and keys on its standard input.
 *
 * Its RTP leaves from 127.0.0.1 whatever its session description says, because it binds its media sockets to every
 * address: the far end has to go by the packets.
 */
export class Baresip {
  readonly #folder: string
  readonly #child: Child

  private constructor(folder: string) {
    this.#folder = folder
    // Without its terminal baresip spins for ever: should this process be killed, it must end by itself. In the
    // background `timeout` hands on a signal twice, and at the second baresip goes without taking back its registration.
    this.#child = new Child('timeout', ['--foreground', String(LONGEST_LIFE_S), 'baresip', '-f', folder])
  }

  static async start(options: BaresipOptions): Promise<Baresip> {
    const { address, says, answers = true, codec = 'PCMU', srtp, registers, tls } = options
    const folder = mkdtempSync(join(tmpdir(), 'ringdown-baresip-'))
    writeWav(join(folder, 'says.wav'), says)
    writeFileSync(
      join(folder, 'config'),
      configuration(folder, address) + (tls === undefined ? '' : tlsConfiguration(folder, tls)),
    )
    const answerMode = answers ? 'auto' : 'manual'
    const encryption = srtp === undefined ? '' : `;mediaenc=${srtp === 'required' ? 'srtp-mand' : 'srtp'};rtcp_mux=yes`
    const account = `${accountOf(address, registers)};answermode=${answerMode};audio_codecs=${codec};ptime=20${encryption}\n`
    writeFileSync(join(folder, 'accounts'), account)
    const baresip = new Baresip(folder)
    await waitFor('baresip listens', () => isBound('udp', address, 5060) && baresip.output.includes('is ready'))
    return baresip
  }

  /** What it printed so far. */
  get output(): string {
    return this.#child.output
  }

  /** Keys that it took as complete telephone events from the far end, in order. */
  get digitsHeard(): string {
    return [...this.output.matchAll(/received event: '(.)' \(end=1\)/g)].map(([, digit]) => digit).join('')
  }

  /** Places a call. */
  dial(uri: string): void {
    this.#child.write(`/dial ${uri}\n`)
  }

  /** Presses a key; it is let go a quarter of a second later. */
  async press(digit: string): Promise<void> {
    const releases = this.#count(`DTMF digit end: '${digit}'`)
    this.#child.write(digit)
    await waitFor(`key ${digit} is let go`, () => this.#count(`DTMF digit end: '${digit}'`) > releases)
  }

  /** Waits until the registrar has decided. @returns its answer, such as `200 OK` */
  async untilRegistered(): Promise<string> {
    return waitFor('baresip has an answer to its REGISTER', () => / (\d{3} [A-Z][\w ]+) \(/.exec(this.output)?.[1])
  }

  /** Puts the far end on hold. */
  hold(): void {
    this.#child.write('x')
  }

  /** Takes the far end back. */
  resume(): void {
    this.#child.write('X')
  }

  /** Asks the far end to connect it with somebody else (REFER). */
  transfer(uri: string): void {
    this.#child.write(`/transfer ${uri}\n`)
  }

  async untilEstablished(): Promise<void> {
    await waitFor('baresip has a call', () => this.output.includes('Call established'))
  }

  async untilClosed(): Promise<void> {
    await waitFor('baresip has no call', () => /session closed|terminated \(duration/.test(this.output))
  }

  /** Hangs up. */
  hangUp(): void {
    this.#child.write('b')
  }

  /** What it heard in its only call, at the rate of the codec. Read it when the call is over. */
  heard(sampleRate?: number, channels?: number): Int16Array {
    const dump = readdirSync(this.#folder).find((name) => name.endsWith('-dec.wav'))
    if (dump === undefined) throw new Error(`baresip heard nothing:\n${this.output.slice(-2000)}`)
    return readWav(join(this.#folder, dump), sampleRate, channels)
  }

  async stop(): Promise<void> {
    await this.#child.stop()
    rmSync(this.#folder, { recursive: true, force: true })
  }

  #count(text: string): number {
    return this.output.split(text).length - 1
  }
}

function accountOf(address: string, registers: BaresipOptions['registers']): string {
  if (registers === undefined) return `<sip:far@${address}>;regint=0`
  const { at, transport, username, password, expiresS = 600 } = registers
  return `<sip:${username}@${at};transport=${transport}>;auth_pass=${password};regint=${expiresS}`
}

function configuration(folder: string, address: string): string {
  const firstPort = 2 * randomInt(10_000, 15_000)
  return `
sip_listen ${address}:5060
net_interface ${address}
rtp_ports ${firstPort}-${firstPort + 200}
call_local_timeout 120
call_max_calls 4
audio_source aufile,${join(folder, 'says.wav')}
ausrc_srate 8000
auplay_srate 8000
ausrc_channels 1
auplay_channels 1
audio_buffer 20-160
snd_path ${folder}
statmode_default off
module_path ${modulePath()}
module stdio.so
module g711.so
module g722.so
module l16.so
module opus.so
module srtp.so
module aufile.so
module sndfile.so
module_tmp account.so
module_app menu.so
`
}

/** baresip wants certificate and key in one file. */
function tlsConfiguration(folder: string, { certificate, key, authority }: NonNullable<BaresipOptions['tls']>): string {
  const both = join(folder, 'tls.pem')
  writeFileSync(both, readFileSync(certificate, 'utf8') + readFileSync(key, 'utf8'))
  return `sip_certificate ${both}\nsip_cafile ${authority}\n`
}

/** Debian keeps the modules here; BARESIP_MODULES names another place. */
function modulePath(): string {
  return process.env.BARESIP_MODULES ?? '/usr/lib/baresip/modules'
}

const LONGEST_LIFE_S = 180

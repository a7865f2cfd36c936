import { randomInt } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readWav, writeWav } from './audio.ts'
import { Child } from './child.ts'
import { isBound } from './loopback.ts'
import { waitFor } from './wait.ts'

export interface LinphoneOptions {
  address: string
  /** What it says from the beginning of each call. */
  says: Int16Array
  /** Whether it picks up by itself. Default true. */
  answers?: boolean
}

/**
 * A running linphonec, without display or sound card: a phone that knows `Replaces` (RFC 3891) as transferor, transferee
 * and target. It speaks from a WAV file, hears into another, and takes commands on its standard input.
 */
export class Linphone {
  readonly #folder: string
  readonly #child: Child

  private constructor(folder: string, answers: boolean) {
    this.#folder = folder
    const files = ['-b', '/dev/null', '-c', join(folder, 'linphonerc')]
    // Should this process be killed, it must end by itself.
    const command = [String(LONGEST_LIFE_S), 'linphonec', ...files, ...(answers ? ['-a'] : [])]
    this.#child = new Child('timeout', ['--foreground', ...command], { env: { HOME: folder } })
  }

  static async start({ address, says, answers = true }: LinphoneOptions): Promise<Linphone> {
    const folder = mkdtempSync(join(tmpdir(), 'ringdown-linphone-'))
    // Where it cannot make its databases it does not listen either, and says nothing of it.
    mkdirSync(join(folder, '.local/share/linphone'), { recursive: true })
    writeFileSync(join(folder, 'linphonerc'), configuration(address))
    writeWav(join(folder, 'says.wav'), says)
    const linphone = new Linphone(folder, answers)
    try {
      await waitFor('linphonec listens', () => isBound('udp', address, 5060))
      linphone.#write('soundcard use files')
      linphone.#write(`play ${join(folder, 'says.wav')}`)
      linphone.#write(`record ${join(folder, 'heard.wav')}`)
      await waitFor('linphonec has its files', () => linphone.output.includes('> record'))
    } catch (error) {
      await linphone.stop()
      throw error
    }
    return linphone
  }

  /** What it printed so far. */
  get output(): string {
    return this.#child.output
  }

  /** Places a call, which is the number `id` that it makes or takes, and waits until it stands. */
  async call(uri: string, id = 1): Promise<void> {
    this.#write(`call ${uri}`)
    await this.untilEstablished(id)
  }

  async untilEstablished(id = 1): Promise<void> {
    await waitFor(`linphonec has call ${id}`, () => this.output.includes(`for call ${id} (audio)`))
  }

  async untilClosed(id = 1): Promise<void> {
    await waitFor(`call ${id} of linphonec is over`, () => new RegExp(`Call ${id} with \\S+ ended`).test(this.output))
  }

  /** Puts the call that is not held on hold. */
  async hold(): Promise<void> {
    this.#write('pause')
    await waitFor('linphonec has held its call', () => this.output.includes('is now paused'))
  }

  /** Asks the far end of one call to take its place in another (REFER with Replaces). */
  transfer(id: number, toCall: number): void {
    this.#write(`transfer ${id} --to-call ${toCall}`)
  }

  hangUp(): void {
    this.#write('terminate all')
  }

  /** What it heard in its latest call. Read it when the call is over. */
  heard(): Int16Array {
    return readWav(join(this.#folder, 'heard.wav'))
  }

  async stop(): Promise<void> {
    await this.#child.stop()
    rmSync(this.#folder, { recursive: true, force: true })
  }

  #write(command: string): void {
    this.#child.write(`${command}\n`)
  }
}

function configuration(address: string): string {
  const firstPort = 2 * randomInt(15_000, 20_000)
  return `
[sip]
bind_address=${address}
sip_port=5060
use_ipv6=0
contact=sip:far@${address}
guess_hostname=0
auto_net_state_mon=0
[rtp]
bind_address=${address}
audio_rtp_port=${firstPort}-${firstPort + 100}
[misc]
add_missing_audio_codecs=0
[audio_codec_0]
mime=PCMU
rate=8000
channels=1
enabled=1
`
}

const LONGEST_LIFE_S = 180

import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Child } from './child.ts'
import { isBound } from './loopback.ts'
import { waitFor } from './wait.ts'

/** The scenarios that are part of SIPp (`sipp -sd NAME`). */
export const EMBEDDED: readonly string[] = [
  ...['uac', 'uas', 'regexp', 'branchc', 'branchs', 'uac_pcap'],
  ...['3pcc-C-A', '3pcc-C-B', '3pcc-A', '3pcc-B'],
]

/** Where Debian keeps the recordings that `uac_pcap` looks for in the folder `pcap`. */
const RECORDINGS = '/usr/share/sip-tester'

export interface SippOptions {
  /** One of {@link EMBEDDED}, or the name of a file in e2e/scenarios. */
  scenario: string
  /** Values for `{{name}}` in a scenario of ours. */
  values?: Record<string, string | number>
  /** Where SIPp listens and what it says of itself. */
  address: string
  port?: number
  transport?: 'udp' | 'tcp'
  /** Whom to call, as `address:port`; absent for the called side. */
  callee?: string
  /** The user part of the Request-URI. Default 'service'. */
  user?: string
  /** How many calls to make or take. Default 1. */
  calls?: number
  /** New calls a second. Default 10. */
  ratePerSecond?: number
  /** The most calls at a time. Default: SIPp's own choice. */
  maxCallsAtATime?: number
  /** Length of the pauses of a scenario that do not say it themselves. */
  pauseMs?: number
  username?: string
  password?: string
  /** SIPp gives up, and fails, after this long. Default 60 s. */
  timeoutSeconds?: number
  /** Keep every message for `messages`. Default true; off for load. */
  trace?: boolean
  /** Further arguments. */
  args?: readonly string[]
}

export interface SippResult {
  readonly exitCode: number
  readonly successful: number
  readonly failed: number
  /** What SIPp sent again. */
  readonly retransmissions: number
  /** Unexpected messages and other complaints. */
  readonly errors: string
  readonly messages: readonly TracedMessage[]
}

/** A SIP message that SIPp saw. */
export interface TracedMessage {
  readonly direction: 'sent' | 'received'
  /** Seconds since 1970. */
  readonly at: number
  /** The first line. */
  readonly start: string
  readonly text: string
}

/** A running SIPp: `-nostdin`, with a time limit that makes it fail, in a folder of its own. */
export class Sipp {
  readonly #folder = mkdtempSync(join(tmpdir(), 'ringdown-sipp-'))
  readonly #child: Child
  readonly #options: SippOptions

  private constructor(options: SippOptions) {
    this.#options = options
    if (options.scenario === 'uac_pcap') cpSync(RECORDINGS, join(this.#folder, 'pcap'), { recursive: true })
    // SIPp draws its screens with curses, which wants to know a terminal even when there is none.
    this.#child = new Child('sipp', this.#args(), { cwd: this.#folder, env: { TERM: 'xterm' } })
  }

  /** Starts the calling side, or the called side and waits until it listens. */
  static async start(options: SippOptions): Promise<Sipp> {
    const sipp = new Sipp(options)
    if (options.callee === undefined) {
      const { transport = 'udp', address, port = 5060 } = options
      await waitFor(
        `SIPp listens on ${address}:${port}`,
        () => sipp.#child.hasExited || isBound(transport, address, port),
      )
    }
    return sipp
  }

  /** Starts SIPp and waits for its end. */
  static async run(options: SippOptions): Promise<SippResult> {
    return (await Sipp.start(options)).finished()
  }

  get pid(): number {
    return this.#child.pid
  }

  /** The outcome, when all calls are over. */
  async finished(): Promise<SippResult> {
    const exitCode = await this.#child.exited
    const statistics = readStatistics(this.#read('statistics.csv'))
    const result: SippResult = {
      exitCode,
      successful: statistics('SuccessfulCall(C)'),
      failed: statistics('FailedCall(C)'),
      retransmissions: statistics('Retransmissions(C)'),
      errors: this.#read('errors.log') || (exitCode === 0 ? '' : plainText(this.#child.output).slice(-2000)),
      messages: readMessages(this.#read('messages.log')),
    }
    rmSync(this.#folder, { recursive: true, force: true })
    return result
  }

  async stop(): Promise<void> {
    await this.#child.stop()
    rmSync(this.#folder, { recursive: true, force: true })
  }

  #args(): string[] {
    const { scenario, address, port = 5060, transport = 'udp', callee, user, calls = 1, ratePerSecond } = this.#options
    const { maxCallsAtATime, pauseMs, username, password, timeoutSeconds = 60, trace = true } = this.#options
    const optional = (flag: string, value: string | number | undefined) =>
      value === undefined ? [] : [flag, String(value)]
    return [
      ...(callee === undefined ? [] : [callee]),
      ...(EMBEDDED.includes(scenario) ? ['-sn', scenario] : ['-sf', this.#writeScenario(scenario)]),
      ...['-i', address, '-p', String(port), '-bind_local', '-mi', address, '-ci', address],
      ...['-t', transport === 'udp' ? 'u1' : 't1'],
      ...['-m', String(calls), '-nostdin', '-timeout', String(timeoutSeconds), '-timeout_error'],
      ...['-trace_stat', '-stf', 'statistics.csv', '-fd', '1', '-trace_err', '-error_file', 'errors.log'],
      ...(trace ? ['-trace_msg', '-message_file', 'messages.log'] : []),
      ...optional('-s', user),
      ...optional('-r', ratePerSecond),
      ...optional('-l', maxCallsAtATime),
      ...optional('-d', pauseMs),
      ...optional('-au', username),
      ...optional('-ap', password),
      ...(this.#options.args ?? []),
    ]
  }

  #writeScenario(name: string): string {
    const template = readFileSync(new URL(`../scenarios/${name}.xml`, import.meta.url), 'utf8')
    const values = this.#options.values ?? {}
    const text = template.replaceAll(/\{\{(\w+)\}\}/g, (_, key: string) => {
      if (values[key] === undefined) throw new Error(`scenario ${name} needs a value for ${key}`)
      return String(values[key])
    })
    const path = join(this.#folder, 'scenario.xml')
    writeFileSync(path, text)
    return path
  }

  #read(file: string): string {
    const path = join(this.#folder, file)
    return existsSync(path) ? readFileSync(path, 'utf8') : ''
  }
}

/** The last line of SIPp's statistics: columns are named in the first, values separated by semicolons. */
function readStatistics(csv: string): (column: string) => number {
  const lines = csv.trimEnd().split('\n')
  const names = (lines[0] ?? '').split(';')
  const values = lines.length > 1 ? (lines.at(-1) ?? '').split(';') : []
  return (column) => Number(values[names.indexOf(column)] ?? 0)
}

/** Takes SIPp's message log apart: a line of dashes and the time, a line with the direction, and the message. */
function readMessages(log: string): TracedMessage[] {
  const blocks = log.split(/^-{20,} (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+)\r?\n/m).slice(1)
  const messages: TracedMessage[] = []
  for (let index = 0; index + 1 < blocks.length; index += 2) {
    const [, header = '', text = ''] = /^(.*)\r?\n\r?\n([\s\S]*)$/m.exec(blocks[index + 1] ?? '') ?? []
    messages.push({
      direction: /sent/.test(header) ? 'sent' : 'received',
      at: Date.parse(`${(blocks[index] ?? '').replace(' ', 'T')}Z`) / 1000,
      start: text.split('\r\n', 1)[0] ?? '',
      text,
    })
  }
  return messages
}

function plainText(screen: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: terminal control sequences begin with ESC.
  return screen.replaceAll(/\u001b[[(][0-9;?]*[a-zA-Z]/g, '')
}

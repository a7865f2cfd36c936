import { type ChildProcess, fork } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { InstanceRecord, RegisteredPhone, RingdownConfig } from '../../src/index.ts'
import type { DialParameters } from '../apps/dial.ts'
import type { Report } from '../apps/report.ts'
import { cpuMsOf } from './child.ts'
import { boundPorts } from './loopback.ts'
import { waitFor, within } from './wait.ts'

const APPS = new URL('../apps/', import.meta.url)
const PROCESS = fileURLToPath(new URL('exchange-process.mjs', import.meta.url))

/** A service of the tests: the name of a file in e2e/apps, and what it is given. */
export interface TestService {
  readonly app: string
  readonly match?: string
  readonly parameters?: Readonly<Record<string, unknown>>
}

export interface ExchangeOptions extends Omit<RingdownConfig, 'services' | 'sip'> {
  /** Where it listens for SIP (UDP and TCP, port 5060, unless `sip.listen` says otherwise) and for RTP. */
  readonly address: string
  readonly sip?: Partial<RingdownConfig['sip']>
  /** By name, which is also the user that reaches it unless `match` says otherwise. */
  readonly services?: Readonly<Record<string, string | TestService>>
}

/** The built exchange, running in a process of its own. */
export class TestExchange {
  readonly address: string
  /** The folder of its media store. */
  readonly folder: string
  readonly #process: ChildProcess
  readonly #reports: Report[] = []
  readonly #pending = new Map<number, (answer: { value?: unknown; error?: string }) => void>()
  #lastId = 0
  #isStopping = false
  #log = ''

  private constructor(address: string) {
    this.address = address
    this.folder = mkdtempSync(join(tmpdir(), 'ringdown-e2e-'))
    this.#process = fork(PROCESS, { execArgv: ['--expose-gc'], stdio: ['ignore', 'pipe', 'pipe', 'ipc'] })
    for (const stream of [this.#process.stdout, this.#process.stderr])
      stream?.setEncoding('utf8').on('data', (text: string) => {
        // The end of a long log is what explains a failure.
        this.#log = (this.#log + text).slice(-200_000)
      })
    this.#process.on('message', (message: Report | { type: 'answer'; id: number; value?: unknown; error?: string }) => {
      if (message.type === 'report') this.#reports.push(message)
      else this.#pending.get(message.id)?.(message)
    })
    this.#process.once('exit', (code, signal) => {
      if (!this.#isStopping) console.error(`the exchange ended (${code ?? signal}); its log:\n${this.#log}`)
      for (const settle of this.#pending.values()) settle({ error: `the exchange ended (${code ?? signal})` })
    })
  }

  static async start(options: ExchangeOptions): Promise<TestExchange> {
    const { address, sip, services = {}, ...rest } = options
    const exchange = new TestExchange(address)
    const folder = join(exchange.folder, 'media')
    mkdirSync(folder)
    const config: RingdownConfig = {
      sip: { listen: (['udp', 'tcp'] as const).map((transport) => ({ transport, address, port: 5060 })), ...sip },
      services: Object.entries(services).map(([name, service]) => {
        const { app, ...more } = typeof service === 'string' ? { app: service } : service
        return { name, app: fileURLToPath(new URL(`${app}.ts`, APPS)), ...more }
      }),
      files: { directory: folder },
      log: { level: 'info', pretty: false },
      ...rest,
    }
    try {
      await exchange.#ask('start', { config, directory: exchange.folder })
    } catch (error) {
      await exchange.stop()
      throw error
    }
    return exchange
  }

  get pid(): number {
    return this.#process.pid ?? 0
  }

  get isRunning(): boolean {
    return this.#process.exitCode === null && this.#process.signalCode === null
  }

  /** What it logged so far. */
  get log(): string {
    return this.#log
  }

  /** The path of a file in its media store. */
  file(name: string): string {
    return join(this.folder, 'media', name)
  }

  /** Starts the application `dial`; resolves with its report when the call is over. */
  dial(parameters: DialParameters, timeoutMs?: number): Promise<Report> {
    return this.run('dial', parameters, timeoutMs)
  }

  /** Starts an outbound application of e2e/apps; resolves with its report when it has ended. */
  async run<Parameters extends object>(name: string, parameters: Parameters, timeoutMs = 60_000): Promise<Report> {
    const app = fileURLToPath(new URL(`${name}.ts`, APPS))
    const run = this.#ask('outbound', { app, outboundParameters: parameters }) as Promise<InstanceRecord>
    const record = await within('the outbound application ends', run, timeoutMs)
    if (record.returnCode !== 0) throw new Error(`${name} returned ${record.returnCode}: ${record.error}\n${this.log}`)
    return this.report(name, ({ details }) => details?.callId === record.callIds[0])
  }

  /** The next report of an application, or the next one that `fits`; each is handed out once. */
  async report(app: string, fits: (report: Report) => boolean = () => true): Promise<Report> {
    return waitFor(`a report of ${app}`, () => {
      const at = this.#reports.findIndex((report) => report.app === app && fits(report))
      return at < 0 ? undefined : this.#reports.splice(at, 1)[0]
    })
  }

  counters(): Promise<Readonly<Record<string, number>>> {
    return this.#ask('counters') as Promise<Readonly<Record<string, number>>>
  }

  sizes(): Promise<Readonly<Record<string, number>>> {
    return this.#ask('sizes') as Promise<Readonly<Record<string, number>>>
  }

  /** The phones that users have registered. */
  phones(): Promise<readonly RegisteredPhone[]> {
    return this.#ask('phones') as Promise<readonly RegisteredPhone[]>
  }

  /** Waits until nothing is alive in it: 32 s after the last call, when SIP has forgotten everything. */
  async untilEmpty(timeoutMs = 45_000): Promise<void> {
    let sizes: Readonly<Record<string, number>> = {}
    await waitFor(
      'the exchange is empty',
      async () => {
        sizes = await this.sizes()
        return Object.values(sizes).every((size) => size === 0)
      },
      timeoutMs,
    ).catch(() => {
      throw new Error(`not empty after ${timeoutMs} ms: ${JSON.stringify(sizes)}`)
    })
  }

  /** Its UDP ports beside the one of SIP, as the kernel knows them: one for each call with media. */
  mediaPorts(): number[] {
    return boundPorts('udp', this.address).filter((port) => port !== 5060)
  }

  /** Memory after a garbage collection, in bytes. */
  memory(): Promise<NodeJS.MemoryUsage> {
    return this.#ask('memory') as Promise<NodeJS.MemoryUsage>
  }

  /** CPU time of its process so far, in milliseconds. */
  cpuMs(): number {
    return cpuMsOf(this.pid)
  }

  async stop(): Promise<void> {
    this.#isStopping = true
    if (this.isRunning) {
      await within('the exchange closes', this.#ask('close'), 5000).catch(() => {})
      const exited = new Promise((resolve) => this.#process.once('exit', resolve))
      this.#process.disconnect()
      await within('the process ends', exited, 3000).catch(() => this.#process.kill('SIGKILL'))
    }
    rmSync(this.folder, { recursive: true, force: true })
  }

  #ask(question: string, details?: unknown): Promise<unknown> {
    const id = ++this.#lastId
    return new Promise((resolve, reject) => {
      this.#pending.set(id, ({ value, error }) => {
        this.#pending.delete(id)
        if (error === undefined) resolve(value)
        else reject(new Error(`${question}: ${error}\n${this.#log}`))
      })
      if (this.#process.connected) this.#process.send({ id, question, details })
      else this.#pending.get(id)?.({ error: 'the exchange is not running' })
    })
  }
}

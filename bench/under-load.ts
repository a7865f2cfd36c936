import { fork } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import type { AppDefinition, RingdownConfig } from '../dist/index.js'
import { Load } from '../dist/server/bench/load.js'
import { SUBJECT_PORTS } from '../dist/server/bench/plan.js'
import { LOOPBACK, serverOf } from '../dist/server/bench/server-config.js'
import { NODE_FLAGS } from '../dist/server/cli/node-flags.js'
import { type RunningServer, startServer } from '../dist/server/main.js'

/** What an exchange in a process of its own says: where it is, and at the end what it has measured. */
type FromExchange<Report> = { readonly port: number } | { readonly report: Report }

/** An exchange under load, and the load. */
export interface UnderLoad {
  /** The script of the exchange, beside this file: it calls {@link reportWhenAsked}. */
  readonly script: string
  /** What it is told, as JSON in its first argument. */
  readonly order: object
  /** Where what the callers play lies. */
  readonly directory: string
  readonly calls: number
  readonly holdMs: number
}

/** What has been measured of it. */
export interface Loaded<Report> {
  readonly report: Report
  /** Calls that did not go as they should. */
  readonly failed: number
  /** How often the machine itself stood still for 5 ms or more, and the longest of it; `undefined` where that cannot be told. */
  readonly stalls: { readonly count: number; readonly mostMs: number } | undefined
}

/** Lets calls come to an exchange in a process of its own. */
export async function underLoad<Report>({
  script,
  order,
  directory,
  calls,
  holdMs,
}: UnderLoad): Promise<Loaded<Report>> {
  const load = await Load.start(directory, LOOPBACK, 0)
  const file = fileURLToPath(new URL(script, import.meta.url))
  const child = fork(file, [JSON.stringify(order)], { execArgv: [...NODE_FLAGS, '--import', 'jiti/register'] })
  const next = (): Promise<FromExchange<Report>> =>
    new Promise((resolve, reject) => {
      child.once('message', resolve as never)
      child.once('exit', (code) => reject(new Error(`the exchange has ended (${code})`)))
    })
  try {
    const ready = await next()
    if (!('port' in ready)) throw new Error('the exchange has not said where it is')
    const stalls = watchMachine()
    const plan = { mode: 'ivr', calls, rate: 100, holdMs } as const
    await load.run(plan, `sip:calls@${LOOPBACK}:${ready.port}`, new AbortController().signal)
    child.send('report')
    const answer = await next()
    if (!('report' in answer)) throw new Error('the exchange has not reported')
    return { report: answer.report, failed: load.tally.failed, stalls: stalls() }
  } finally {
    child.disconnect()
    await Promise.all([load.close(), new Promise((resolve) => child.once('exit', resolve))])
  }
}

/** Watches whether the machine stands still. @returns what ends that and says what was seen */
function watchMachine(): () => Loaded<unknown>['stalls'] {
  const shared = new Int32Array(new SharedArrayBuffer(12))
  new Worker(new URL('machine-stalls.mjs', import.meta.url), { workerData: shared }).unref()
  return () => {
    Atomics.store(shared, 0, 1)
    const [, count = 0, mostUs = 0] = shared
    return count < 0 ? undefined : { count, mostMs: mostUs / 1000 }
  }
}

/** How late media ticks were, in words, and what the machine had to do with it. */
export function latenessOf({
  report,
  stalls,
}: Loaded<{ readonly counters: Counters; readonly atSetUp: Counters }>): string {
  const { counters, atSetUp } = report
  const ms = (name: string): string => ((counters[name] ?? Number.NaN) / 1000).toFixed(1)
  return (
    `${lateTicks(report)} sub-ticks late by 5 ms or more and ${atSetUp.lateTicks ?? 0} before all calls were up ` +
    `(p50 ${ms('tickLatenessP50Us')} ms, p99 ${ms('tickLatenessP99Us')}, p99.9 ${ms('tickLatenessP999Us')}, most ${ms('tickLatenessMaxUs')}), ` +
    `${counters.slotsSkipped ?? 0} packets skipped; ${counters.mediaWorkersInRealTime ?? 0} workers in real time, given back ${counters.mediaWorkersOverloaded ?? 0} times; ` +
    (stalls
      ? `the machine itself stood still ${stalls.count} times for 5 ms or more (most ${stalls.mostMs.toFixed(1)})`
      : '')
  )
}

/** Sub-ticks that were late from the moment on at which all calls were up. */
export function lateTicks({ counters, atSetUp }: { readonly counters: Counters; readonly atSetUp: Counters }): number {
  return (counters.lateTicks ?? 0) - (atSetUp.lateTicks ?? 0)
}

/** What a server counts. */
export type Counters = Readonly<Record<string, number>>

/** The server of such an exchange: everybody who calls gets the app. */
export function serverUnderLoad(
  directory: string,
  app: AppDefinition,
  more: Partial<RingdownConfig> = {},
): Promise<RunningServer> {
  const services = [{ name: 'calls', match: '*', app }]
  const place = { address: LOOPBACK, port: 0, portRange: SUBJECT_PORTS, directory }
  return startServer({ ...serverOf({ ...place, services, extraChannels: 0 }), ...more })
}

/** Waits until all calls of a load are up, and for what the workers have counted by then: they report each second. */
export class SetUp {
  /** Zero until all are up. */
  counters: Counters = {}
  readonly #done: Promise<void>
  #allUp: () => void = () => {}
  #missing: number

  constructor(calls: number, server: () => RunningServer) {
    this.#missing = calls
    this.#done = new Promise<void>((resolve) => {
      this.#allUp = resolve
    })
      .then(() => sleep(REPORTED_WITHIN_MS))
      .then(() => {
        this.counters = server().counters()
      })
  }

  /** To be awaited by each call that has been answered. */
  join(): Promise<void> {
    if (--this.#missing === 0) this.#allUp()
    return this.#done
  }
}

const REPORTED_WITHIN_MS = 1100

/**
 * The other side of it: says where the server is, reports when it is asked, and ends with who has asked.
 * @param report is given the CPU time of the process since now, ms
 */
export function reportWhenAsked(server: RunningServer, report: (cpuMs: number) => object): void {
  const before = process.cpuUsage()
  process.on('message', () => {
    const { user, system } = process.cpuUsage(before)
    process.send?.({ report: report((user + system) / 1000) })
  })
  process.on('disconnect', () => void server.close({ graceMs: 0 }).then(() => process.exit()))
  process.send?.({ port: server.sockets[0]?.port ?? 0 })
}

import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { Load } from '../dist/server/bench/load.js'
import { LOOPBACK } from '../dist/server/bench/server-config.js'
import { NODE_FLAGS } from '../dist/server/cli/node-flags.js'
import type { RunningServer } from '../dist/server/main.js'

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

/** Lets calls come to an exchange in a process of its own. @returns what it has measured, and how many calls have failed */
export async function underLoad<Report>({
  script,
  order,
  directory,
  calls,
  holdMs,
}: UnderLoad): Promise<{ readonly report: Report; readonly failed: number }> {
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
    const plan = { mode: 'ivr', calls, rate: 100, holdMs } as const
    await load.run(plan, `sip:calls@${LOOPBACK}:${ready.port}`, new AbortController().signal)
    child.send('report')
    const answer = await next()
    if (!('report' in answer)) throw new Error('the exchange has not reported')
    return { report: answer.report, failed: load.tally.failed }
  } finally {
    child.disconnect()
    await Promise.all([load.close(), new Promise((resolve) => child.once('exit', resolve))])
  }
}

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

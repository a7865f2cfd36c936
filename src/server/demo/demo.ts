import { join, resolve } from 'node:path'
import type { Logger } from '../../kit/index.ts'
import { ADDRESS, appPath, type DemoServers, portOf, startDemoServers } from './demo-servers.ts'
import { calleesAt, FAR_ENDS, isAsExpected, outcomeText } from './far-end-list.ts'
import type { Outcome, SurveyOrder } from './survey-order.ts'

export interface DemoOptions {
  /** The media store of the demo: its prompts and recordings. */
  readonly directory: string
  readonly logger: Logger
  readonly print: (line: string) => void
}

/** A demo that has made its calls and goes on serving. */
export interface RunningDemo {
  readonly wasAsExpected: boolean
  close(): Promise<void>
}

/**
 * Starts the exchange and some far ends on loopback, lets an outbound application call each of them, and prints what
 * came of it, at once and in a table at the end.
 */
export async function runDemo({ directory, logger, print }: DemoOptions): Promise<RunningDemo> {
  const folder = resolve(directory)
  const servers = await startDemoServers(folder, logger, (text) => print(`  softphone: ${text}`))
  introduce(servers, print)
  const outcomes = new Map<string, Outcome>()
  const order: SurveyOrder = {
    callees: calleesAt(ADDRESS, portOf(servers.farEnds)),
    onCalling: ({ name, uri }) => print(`calling ${name}, who ${whatIs(name)}: ${uri}`),
    onOutcome: (outcome) => {
      outcomes.set(outcome.callee.name, outcome)
      print(`  ${outcomeLine(outcome)}`)
      if (outcome.recording !== undefined) print(`  recorded: ${join(folder, outcome.recording)}`)
    },
  }
  const record = await servers.exchange.startOutbound(appPath('survey'), {
    name: 'survey',
    outboundParameters: order as unknown as Record<string, unknown>,
  })
  if (record.error !== undefined) print(`the application failed: ${record.error}`)
  print('')
  for (const line of table(outcomes)) print(line)
  return {
    wasAsExpected: record.returnCode === 0 && FAR_ENDS.every((end) => isAsExpected(end, outcomes.get(end.user))),
    close: async () => {
      await Promise.all([servers.exchange.close({ graceMs: 0 }), servers.farEnds.close({ graceMs: 0 })])
    },
  }
}

/** What to dial from a softphone on this machine. */
export function softphoneHint(port: number): string[] {
  return [
    `A softphone on this machine reaches the same exchange at  sip:hello@${ADDRESS}:${port}`,
    'It answers, says hello, and presses back every key you press.',
  ]
}

function introduce({ exchange, farEnds }: DemoServers, print: (line: string) => void): void {
  const [own, theirs] = [portOf(exchange), portOf(farEnds)]
  print(`exchange   sip:${ADDRESS}:${own}  (UDP and TCP)`)
  print(
    `far ends   sip:${ADDRESS}:${theirs}  (a second exchange in this process: ${FAR_ENDS.map(({ user }) => user).join(', ')})`,
  )
  if (own !== 5060) print(`           port 5060 is taken here, so the exchange listens on ${own}`)
  if (theirs !== 5070) print(`           port 5070 is taken here, so the far ends listen on ${theirs}`)
  for (const line of softphoneHint(own)) print(line)
  print('')
}

function whatIs(user: string): string {
  return FAR_ENDS.find((end) => end.user === user)?.is ?? ''
}

function outcomeLine({ outcome, sip, tookMs, digits }: Outcome): string {
  const status = sip === undefined ? '' : ` (SIP ${sip})`
  const pressed = digits === undefined ? '' : `, pressed ${digits === '' ? 'nothing' : digits}`
  return `${outcome}${status} after ${Math.round(tookMs)} ms${pressed}`
}

function table(outcomes: ReadonlyMap<string, Outcome>): string[] {
  const rows = FAR_ENDS.map((end) => {
    const outcome = outcomes.get(end.user)
    const { expected } = end
    return [
      end.user,
      outcomeText(expected.outcome, expected.digits, expected.isRecorded),
      outcome === undefined ? 'nothing' : outcomeText(outcome.outcome, outcome.digits, outcome.recording !== undefined),
      isAsExpected(end, outcome) ? 'ok' : 'WRONG',
    ]
  })
  const all = [['callee', 'expected', 'got', ''], ...rows]
  const widths = [0, 1, 2].map((column) => Math.max(...all.map((row) => (row[column] as string).length)))
  return all.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('   ')
      .trimEnd(),
  )
}

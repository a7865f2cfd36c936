import type { AppDefinition } from '../../calls/index.ts'
import type { Random } from '../../kit/index.ts'
import type { PhoneKind } from '../phone/phone-kind.ts'
import { seedOfEnvironment } from '../seed.ts'
import type { TestExchangeOptions } from '../test-exchange.ts'
import { type Finding, FuzzError } from './finding.ts'
import { FuzzRun } from './fuzz-run.ts'

/** How often {@link fuzzCalls} calls, and who is called. */
export interface FuzzOptions extends Omit<TestExchangeOptions, 'apps' | 'everybodyElse'> {
  /** How many calls. Default 200. */
  readonly runs?: number
  /** What callers press, one of these at a time. Default: some that menus and PINs use. */
  readonly keys?: readonly string[]
  /** Who answers what the application dials. Default: people, mailboxes, busy lines and so on, at random. */
  readonly people?: (name: string, random: Random) => PhoneKind
  /** A caller who hears nothing for so long, while nobody listens, was forgotten. Default 15,000 ms. */
  readonly silenceMs?: number
  /** For an outbound application. */
  readonly outboundParameters?: Readonly<Record<string, unknown>>
}

/**
 * Calls an application again and again, each time with other people who do other things: they press keys or none, hang
 * up at any await of the application, are busy, ring for ever. The same seed takes the same courses.
 *
 * @throws FuzzError when something is wrong with the application: what, at which line, and the seed that shows it
 */
export async function fuzzCalls(app: AppDefinition, options: FuzzOptions = {}): Promise<void> {
  const { runs = 200, seed = 1 } = options
  const firstSeed = seedOfEnvironment() ?? seed
  const findings = new Map<string, Finding>()
  let current: FuzzRun | undefined
  const release = takeRejections((reason) => current?.onUnhandled(reason))
  try {
    for (let i = 0; i < runs; i++) {
      current = new FuzzRun(app, options, firstSeed + i)
      await current.run()
      for (const finding of current.findings) add(findings, finding)
    }
  } finally {
    release()
  }
  if (findings.size > 0) throw new FuzzError([...findings.values()], runs)
}

function add(findings: Map<string, Finding>, finding: Finding): void {
  const key = `${finding.kind} ${finding.site}`
  const known = findings.get(key)
  if (known === undefined) findings.set(key, finding)
  else known.runs++
}

/** Takes unhandled rejections away from the test runner for a while: here they belong to the application. */
function takeRejections(onRejection: (reason: unknown) => void): () => void {
  const { process } = globalThis
  const others = process.listeners('unhandledRejection')
  process.removeAllListeners('unhandledRejection')
  process.on('unhandledRejection', onRejection)
  return () => {
    process.off('unhandledRejection', onRejection)
    for (const other of others) process.on('unhandledRejection', other)
  }
}

import { Command } from 'commander'
import { runDemo } from '../demo/demo.ts'
import { createLogger } from '../log/logger.ts'
import { EXIT } from './exit-codes.ts'
import { untilSignal } from './signals.ts'
import { surviveApplications } from './survive.ts'

interface DemoFlags {
  once: boolean
  directory: string
  verbose: boolean
}

/** `ringdown demo` */
export function demoCommand(onExit: (code: number) => void): Command {
  return new Command('demo')
    .description('Show an exchange at work, on this machine only: it calls some far ends and says how it went.')
    .option('--once', 'end after the calls instead of serving on', false)
    .option('--directory <path>', 'where its prompts and recordings go', 'recordings')
    .option('--verbose', 'log what happens in between, to standard error', false)
    .addHelpText(
      'after',
      `
Starts an exchange and several far ends on 127.0.0.1, and runs an outbound application that calls one who answers (a
prompt is played, keys are collected, the call is recorded), one who is busy, one who never answers, one who rejects,
and a number that does not exist. Then it goes on serving, so that a softphone can call it, until Ctrl-C.

Examples:
  $ ringdown demo
  $ ringdown demo --once && echo all as expected

Exit codes: with --once 0 when every outcome was as expected, 1 otherwise; without it 0 after Ctrl-C.`,
    )
    .action(async (flags: DemoFlags) => {
      onExit(await demo(flags))
    })
}

async function demo({ once, directory, verbose }: DemoFlags): Promise<number> {
  const logger = createLogger({ level: verbose ? 'debug' : 'error', pretty: undefined })
  surviveApplications(logger)
  const isStopped = untilSignal()
  const running = runDemo({ directory, logger, print: (line) => console.log(line) })
  const first = await Promise.race([running, isStopped])
  if (typeof first === 'string') return EXIT.FAILED
  if (!once) {
    console.log('\nServing until Ctrl-C.')
    await isStopped
  }
  await first.close()
  return first.wasAsExpected || !once ? EXIT.OK : EXIT.FAILED
}

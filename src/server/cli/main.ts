#!/usr/bin/env -S node --max-semi-space-size=64 --no-parallel-scavenge
import { readFileSync } from 'node:fs'
import { Command, CommanderError } from 'commander'
import { ConfigError, RingdownError } from '../../kit/index.ts'
import { benchCommand } from './bench.ts'
import { callCommand } from './call.ts'
import { demoCommand } from './demo.ts'
import { EXIT } from './exit-codes.ts'
import { explainCommand } from './explain.ts'
import { filesCommand } from './files.ts'
import { initCommand } from './init.ts'
import { lsdCommand } from './lsd.ts'
import { phoneCommand } from './phone.ts'
import { serveCommand } from './serve.ts'

/** `ringdown`: the command line. What it prints for people goes to standard output, logs go to standard error. */
async function main(): Promise<number> {
  const { version } = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')) as {
    version: string
  }
  let code: number = EXIT.OK
  const program = new Command('ringdown')
    .description('A programmable telephone exchange: SIP, RTP and call control in one Node process.')
    .version(version)
    .exitOverride()
    .configureHelp({ showGlobalOptions: true })
    .addHelpText(
      'after',
      `
Examples:
  $ ringdown demo                                  the exchange and some far ends, on this machine only
  $ ringdown serve                                 what ringdown.config.ts describes
  $ ringdown call sip:1234@127.0.0.1 --play hi.wav one call from the shell
  $ ringdown explain last                          the story of the last call of a running exchange
  $ ringdown lsd explain last                      why detection said who has picked up
  $ ringdown files validate prompts/               whether every prompt can be played
  $ ringdown phone keys.ts --call sip:ivr@127.0.0.1 a scripted phone against any SIP system
  $ ringdown bench                                 what calls cost this machine

Exit codes: 0 done, 1 failed, 2 wrong usage or configuration, 3 an address is taken; see also "ringdown call --help".`,
    )
  for (const command of [
    serveCommand,
    initCommand(version),
    callCommand,
    explainCommand,
    lsdCommand,
    filesCommand,
    phoneCommand,
    benchCommand,
    demoCommand,
  ])
    program.addCommand(
      command((result) => {
        code = result
      })
        .exitOverride()
        .copyInheritedSettings(program),
    )
  try {
    await program.parseAsync()
  } catch (error) {
    return report(error)
  }
  return code
}

function report(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.OK : EXIT.USAGE
  if (error instanceof ConfigError) {
    console.error('The configuration is refused; nothing was started.')
    for (const problem of error.problems) console.error(`  - ${problem}`)
    return EXIT.USAGE
  }
  if (!(error instanceof RingdownError)) {
    console.error(error)
    return EXIT.FAILED
  }
  console.error(error.message)
  if (error.code === 'RINGDOWN_USAGE') return EXIT.USAGE
  return error.code === 'RINGDOWN_TRANSPORT' ? EXIT.TRANSPORT : EXIT.FAILED
}

// Standard output may be a pipe, which is written synchronously; timers that applications left behind do not count.
process.exit(await main())

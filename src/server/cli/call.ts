import { Command, InvalidArgumentError } from 'commander'
import type { CallDetails } from '../../calls/index.ts'
import { UsageError } from '../../kit/index.ts'
import { parseUri } from '../../sip/index.ts'
import type { RingdownConfig } from '../config/config.ts'
import { createLogger } from '../log/logger.ts'
import { startServer } from '../main.ts'
import { type ShellCall, shellCall } from './call-app.ts'
import { EXIT, EXIT_OF_CAUSE } from './exit-codes.ts'
import { localSide } from './local-address.ts'
import { ShellFiles } from './shell-files.ts'
import { untilSignal } from './signals.ts'

interface CallFlags {
  play?: string
  record?: string
  dtmf?: string
  timeout: number
  talk?: number
  from?: string
  listen?: string
  trunk?: string
  username?: string
  password?: string
  header: Record<string, string>
  verbose: boolean
}

/** `ringdown call <to>` */
export function callCommand(onExit: (code: number) => void): Command {
  return new Command('call')
    .description('Place one call from the shell, and say how it went.')
    .argument('<to>', 'a sip: URI; with --trunk also a tel: URI or the digits of a number')
    .option(
      '--play <file>',
      'play this file when answered: WAV, MP3, Ogg Vorbis or Opus, FLAC, or raw G.711 (.ul, .al)',
    )
    .option('--record <file>', 'record what the far end says to this WAV file')
    .option('--dtmf <digits>', 'press these keys, after playing: 0-9 A-D * # and , for half a second')
    .option('--timeout <seconds>', 'how long to wait for the answer', seconds, 60)
    .option(
      '--talk <seconds>',
      'how long to stay once all was played (default: 0, or with --record until the far end hangs up)',
      seconds,
    )
    .option('--from <uri>', 'who is calling, as the callee sees it')
    .option(
      '--listen <address>',
      'the address of this machine to call from, with :port if need be (default: the one that faces the callee)',
    )
    .option('--trunk <uri>', 'the sip: URI of a trunk that takes numbers')
    .option('--username <name>', 'credentials for the trunk')
    .option(
      '--password <password>',
      'credentials for the trunk; RINGDOWN_PASSWORD in the environment is not seen by others',
    )
    .option('--header <name:value>', 'a further header of the INVITE; may be given several times', header, {})
    .option('--verbose', 'log what happens in between, to standard error', false)
    .addHelpText(
      'after',
      `
Prints each state with the milliseconds since the call was placed, then the cause and what SIP said. Ctrl-C hangs up.

Examples:
  $ ringdown call sip:1234@127.0.0.1:5060
  $ ringdown call sip:ivr@192.0.2.10 --play hello.wav --dtmf 1,2# --record ivr.wav --talk 5
  $ ringdown call +15550100 --trunk sip:sip.example.net --username me --password secret

Exit codes: 0 answered, 1 failed, 2 wrong usage, 3 the address cannot be had; not answered:
  ${Object.entries(EXIT_OF_CAUSE)
    .map(([cause, code]) => `${code} ${cause}`)
    .join(', ')}`,
    )
    .action(async (to: string, flags: CallFlags) => {
      onExit(await call(to, flags))
    })
}

async function call(to: string, flags: CallFlags): Promise<number> {
  const config = await configOf(to, flags)
  const files = new ShellFiles(flags.play, flags.record)
  await files.load()
  const abort = new AbortController()
  let ended: CallDetails | undefined
  const order: ShellCall = {
    to,
    timeoutMs: flags.timeout * 1000,
    from: flags.from,
    plays: flags.play !== undefined,
    records: flags.record !== undefined,
    dtmf: flags.dtmf,
    talkMs: flags.talk === undefined ? (flags.record === undefined ? 0 : undefined) : flags.talk * 1000,
    headers: flags.header,
    onStep: (atMs, step, about) =>
      console.log(`${atMs.toFixed(0).padStart(7)} ms  ${step.padEnd(14)}  ${about}`.trimEnd()),
    onEnd: (details) => {
      ended = details
    },
    signal: abort.signal,
  }
  const logger = createLogger({ level: flags.verbose ? 'debug' : 'silent', pretty: undefined })
  const server = await startServer(config, { files, logger })
  void untilSignal().then(() => abort.abort())
  const record = await server.startOutbound(shellCall(order), { name: 'call' })
  await server.close({ graceMs: 0 })
  if (ended === undefined) throw new UsageError(record.error ?? 'the call could not be placed')
  return report(ended, record.error)
}

/** What is left of a server when it has only one call to make. */
async function configOf(to: string, flags: CallFlags): Promise<RingdownConfig> {
  const { trunk, username, password = process.env.RINGDOWN_PASSWORD } = flags
  const far = parseUri(/^sips?:/i.test(to) ? to : (trunk ?? ''))
  if (!far.ok || far.value.scheme === 'tel')
    throw new UsageError(`cannot call "${to}": give a sip: URI, or a number and --trunk`)
  const [address, port] = await localSide(far.value.host.replace(/^\[|\]$/g, ''), flags.listen)
  return {
    sip: {
      listen: [
        { transport: 'udp', address, port },
        { transport: 'tcp', address, port },
      ],
    },
    // Nobody can call us: there is no service.
    authentication: { strangers: 'allow' },
    ...(trunk !== undefined && {
      trunks: [{ name: 'trunk', uri: trunk, ...(username !== undefined && { username, password: password ?? '' }) }],
    }),
  }
}

function report(details: CallDetails, error: string | undefined): number {
  const { cause = 'OTHER', rawCause, reason, times, wasAnswered } = details
  const status = rawCause ?? reason?.sip
  console.log(`\ncause       ${cause}`)
  if (status !== undefined) console.log(`SIP         ${status}${reason?.text === undefined ? '' : ` ${reason.text}`}`)
  else if (reason?.text !== undefined) console.log(`reason      ${reason.text}`)
  if (reason?.q850 !== undefined) console.log(`Q.850       ${reason.q850}`)
  if (times.ANSWERED !== undefined && times.IDLE !== undefined)
    console.log(`talk time   ${((times.IDLE - times.ANSWERED) / 1000).toFixed(1)} s`)
  if (error !== undefined) {
    console.error(error)
    return EXIT.FAILED
  }
  return wasAnswered ? EXIT.OK : EXIT_OF_CAUSE[cause]
}

function seconds(text: string): number {
  const value = Number(text)
  if (!Number.isFinite(value) || value < 0) throw new InvalidArgumentError('give seconds, 0 or more.')
  return value
}

function header(text: string, earlier: Record<string, string>): Record<string, string> {
  const [, name, value] = /^([A-Za-z0-9-]+):\s*(.*)$/.exec(text) ?? []
  if (name === undefined || value === undefined) throw new InvalidArgumentError("give it as 'Name: value'.")
  return { ...earlier, [name]: value }
}

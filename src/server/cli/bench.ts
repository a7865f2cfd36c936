import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import { Command, InvalidArgumentError, Option } from 'commander'
import { RingdownError, UsageError } from '../../kit/index.ts'
import { parseUri } from '../../sip/index.ts'
import { type ForeignTarget, type Progress, runBench } from '../bench/bench.ts'
import { BENCH_MODES, type BenchMode, checkPlan, DEFAULT_PLANS, DEFAULT_ROOMS, type RoomPlan } from '../bench/plan.ts'
import { progressLine, table } from '../bench/report.ts'
import { isLoopback } from '../config/address.ts'
import { EXIT } from './exit-codes.ts'
import { localSide } from './local-address.ts'
import { untilSignal } from './signals.ts'

interface BenchFlags {
  mode: BenchMode
  calls?: number
  rate?: number
  hold?: number
  io: 'auto' | 'libc' | 'dgram'
  pid?: number
  listen?: string
  allowNetwork: boolean
  json: boolean
  roomSize?: number
  speakers?: number
}

/** `ringdown bench [uri]` */
export function benchCommand(onExit: (code: number) => void): Command {
  return new Command('bench')
    .description('Load an exchange with calls, and say what they cost it and how they sounded.')
    .argument('[uri]', 'a sip: URI to call instead of an exchange that is started for it')
    .addOption(new Option('--mode <mode>', 'what the calls do').choices(BENCH_MODES).default('ivr'))
    .option('--calls <number>', 'calls to place (default: 100; signalling: 2000)', wholeNumber(1, 1_000_000))
    .option('--rate <number>', 'new calls a second (default: 50; signalling: 200)', aboveZero(10_000))
    .option('--hold <seconds>', 'how long a call stays after its answer (default: 15; signalling: 0)', seconds)
    .option('--room-size <number>', 'of conferences: calls in a room (default: 10)', wholeNumber(1, 10_000))
    .option('--speakers <number>', 'of conferences: those in a room who speak (default: 3)', wholeNumber(0, 10_000))
    .addOption(
      new Option('--io <network>', 'how the exchange that is started reaches the network')
        .choices(['auto', 'libc', 'dgram'])
        .default('auto'),
    )
    .option('--pid <number>', 'with a URI: measure this process, which serves it', wholeNumber(1, 2 ** 22))
    .option('--listen <address>', 'with a URI: the address of this machine to call from, with :port if need be')
    .option('--allow-network', 'call a URI that is not on this machine: ask its owner first', false)
    .option('--json', 'print the result as JSON', false)
    .addHelpText(
      'after',
      `
Without a URI, an exchange is started in a process of its own, on the first core where taskset is there, and called
from this one, on the other cores, over loopback. The modes:
  ivr         each call hears a prompt over and over and says one; its digits are listened for
  bridge      each call is connected to a second one, which this process answers: two streams each way
  signalling  each call is answered and hung up
  conference  the calls are put into rooms in the order that they come; some speak, all hear the room
With a URI, bridge needs a far end that calls back the address that is printed, and the rooms of conference are its own.

A rate and a hold that let calls end before all are placed make a level of rate x hold calls. CPU time is taken where
nine tenths of the most stood. Ctrl-C ends the calls and prints what was measured.

Examples:
  $ ringdown bench
  $ ringdown bench --calls 1000 --rate 100 --hold 30
  $ ringdown bench --mode conference --calls 300 --room-size 300
  $ ringdown bench --mode signalling --calls 5000 --rate 400 --json
  $ ringdown bench sip:ivr@127.0.0.1:5080 --pid 4711

Exit codes: 0 every call was answered and stayed, 1 some failed, 2 wrong usage, 3 an address cannot be had.`,
    )
    .action(async (uri: string | undefined, flags: BenchFlags) => {
      onExit(await bench(uri, flags))
    })
}

async function bench(uri: string | undefined, flags: BenchFlags): Promise<number> {
  const { mode, io, json } = flags
  const defaults = DEFAULT_PLANS[mode]
  const { calls = defaults.calls, rate = defaults.rate } = flags
  const rooms = roomsOf(flags)
  const holdMs = flags.hold === undefined ? defaults.holdMs : flags.hold * 1000
  const plan = { mode, calls, rate, holdMs, ...(rooms && { rooms }) }
  checkPlan(plan)
  const target = await targetOf(uri, flags)
  const abort = new AbortController()
  void untilSignal().then(() => abort.abort())
  const progress = new ProgressPrinter()
  const result = await runBench({
    plan,
    target,
    io,
    signal: abort.signal,
    onProgress: (now) => progress.print(now),
    onStart: (peerUri) => {
      if (uri !== undefined && mode === 'bridge') console.error(`the other end of each call is ${peerUri}`)
    },
  }).finally(() => progress.end())
  console.log(json ? JSON.stringify(result, undefined, 2) : table(result).join('\n'))
  return result.calls.failed === 0 && result.calls.answered > 0 ? EXIT.OK : EXIT.FAILED
}

function roomsOf({ mode, roomSize, speakers }: BenchFlags): RoomPlan | undefined {
  const size = roomSize ?? DEFAULT_ROOMS.size
  if (mode === 'conference') return { size, speakers: speakers ?? Math.min(size, DEFAULT_ROOMS.speakers) }
  for (const [flag, value] of [
    ['room-size', roomSize],
    ['speakers', speakers],
  ] as const)
    if (value !== undefined) throw new UsageError(`--${flag} ${value}: it goes with --mode conference`)
  return undefined
}

async function targetOf(uri: string | undefined, flags: BenchFlags): Promise<ForeignTarget | undefined> {
  if (uri === undefined) {
    for (const name of ['pid', 'listen'] as const)
      if (flags[name] !== undefined)
        throw new UsageError(`--${name} ${flags[name]}: it goes with a URI; the exchange that is started needs none`)
    return undefined
  }
  if (flags.io !== 'auto')
    throw new UsageError(`--io ${flags.io}: it is about the exchange that is started, and with a URI none is`)
  const far = parseUri(uri)
  if (!far.ok || far.value.scheme !== 'sip') throw new UsageError(`cannot load "${uri}": give a sip: URI`)
  const host = far.value.host.replace(/^\[|\]$/g, '')
  if (!flags.allowNetwork && !isLoopback(await addressOf(host)))
    throw new UsageError(
      `${uri} is not on this machine: a load generator can bring down what it calls and cost money; with the consent of its owner add --allow-network`,
    )
  const [address, port] = await localSide(host, flags.listen)
  return { uri, address, port, pid: flags.pid }
}

async function addressOf(host: string): Promise<string> {
  if (isIP(host) !== 0) return host
  try {
    return (await lookup(host)).address
  } catch (cause) {
    throw new RingdownError('RINGDOWN_TRANSPORT', `${host} cannot be reached: ${(cause as Error).message}`, { cause })
  }
}

/** One line that is written over on a terminal; otherwise a line now and then. Results go to standard output. */
class ProgressPrinter {
  readonly #isTerminal = process.stderr.isTTY === true

  print(progress: Progress): void {
    const line = progressLine(progress)
    if (this.#isTerminal) process.stderr.write(`\r\x1b[K${line}`)
    else if (Math.round(progress.seconds) % LINE_EVERY_S === 1) console.error(line)
  }

  end(): void {
    if (this.#isTerminal) process.stderr.write('\r\x1b[K')
  }
}

const LINE_EVERY_S = 10

function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text)
    if (/^\d+$/.test(text) && value >= least && value <= most) return value
    throw new InvalidArgumentError(`give a whole number from ${least} to ${most}.`)
  }
}

function aboveZero(most: number): (text: string) => number {
  return (text) => {
    const value = Number(text)
    if (text.trim() !== '' && value > 0 && value <= most) return value
    throw new InvalidArgumentError(`give a number above 0, up to ${most}.`)
  }
}

/** A day at most. */
function seconds(text: string): number {
  const value = Number(text)
  if (text.trim() !== '' && value >= 0 && value <= 86_400) return value
  throw new InvalidArgumentError('give seconds, 0 to 86400.')
}

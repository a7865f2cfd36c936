import { Command, InvalidArgumentError } from 'commander'
import { type FarEndOptions, type FarEndStart, type FarEndTape, replayTape } from '../../media/index.ts'
import type { WantedDoor } from '../control/knock.ts'
import { beepFigures, classFigures, curvePoint } from '../lsd/evaluate/figures.ts'
import { hearFolder, MOST_CONNECT_MS, readFolder, readRecording } from '../lsd/evaluate/folder.ts'
import { callOfRecording } from '../lsd/evaluate/hear-file.ts'
import { printFigures } from '../lsd/evaluate/print-figures.ts'
import { printEvents, printFarEnd } from '../lsd/print-far-end.ts'
import { EXIT } from './exit-codes.ts'
import { storyOf } from './explain.ts'

interface HowFlags {
  readonly timeoutMs: number
  readonly sensitivity: number
  readonly start: FarEndStart
}

/** `ringdown lsd` */
export function lsdCommand(onExit: (code: number) => void): Command {
  const command = new Command('lsd')
    .description(
      'Live speaker detection: why it said what it said, again on a recording, and how well it does on yours.',
    )
    .addHelpText(
      'after',
      `
A recording is a WAV file of the far end, 8 kHz mono or what can be converted to it. Those that an exchange keeps as
evidence (the setting lsd.evidence) hold everything that detection knew, and say bit for bit the same again.

The folder of "evaluate" holds WAV files and labels.csv, a line for each:
  file,class,connectMs,speechEndMs,greetingEndMs,beepMs
  17.wav,machine,6200,,14100,14600
The class is person, machine, fax, announcement, screening or none; what is before connectMs is early media; times may be
empty. A recording that was kept as evidence knows itself when it was answered, what was lost and what was played.

Examples:
  $ ringdown lsd explain last
  $ ringdown lsd replay lsd-evidence/l192s6pk.wav
  $ ringdown lsd evaluate recordings/ --json

Exit codes: 0 done, 1 there is no such call or it was not listened to, a recording says something else than it said live,
2 wrong usage, 3 no exchange can be asked.`,
    )
  const sub = (name: string, description: string): Command =>
    command.command(name).description(description).exitOverride()

  sub('explain', 'Tell what was heard in a call of a running exchange, and what led to each verdict.')
    .argument('<call>', 'the id of a call, the beginning of one, "last", or a file of "ringdown explain --json"')
    .option('--json', 'print JSON', false)
    .option('--config <file>', 'the exchange that serves this configuration file, where several run')
    .option('--door <path>', 'the exchange with this control door')
    .action(async (call: string, flags: WantedDoor & { json: boolean }) => onExit(await explain(call, flags)))

  withHow(sub('replay', 'Let a recording be heard again.'))
    .argument('<file>', 'a WAV file')
    .option('--connect-ms <ms>', 'when the call was answered; default 0, or what the recording knows', milliseconds)
    .option('--json', 'print JSON: everything that detection says', false)
    .action((file: string, flags: HowFlags & { connectMs?: number; json: boolean }) => onExit(replay(file, flags)))

  withHow(sub('evaluate', 'Score labelled recordings: the table, and what each sensitivity would cost.'))
    .argument('<folder>', 'with WAV files and labels.csv')
    .option('--json', 'print JSON: a row for each file, without the table', false)
    .option('--no-curve', 'leave out the curve over the sensitivity, which takes five times as long')
    .action((folder: string, flags: HowFlags & { json: boolean; curve: boolean }) => onExit(evaluate(folder, flags)))
  return command
}

function withHow(command: Command): Command {
  return command
    .option('--timeout-ms <ms>', 'by when after the answer the verdict is final, 500 to 10000', timeout, 7000)
    .option('--sensitivity <number>', 'what is worse, 0 to 1: see lsdSensitivity', sensitivity, 0.5)
    .option('--start <start>', 'from when that counts: DEFAULT or TIMEOUT_FROM_ANSWER_DETECT', startPoint, 'DEFAULT')
}

async function explain(call: string, flags: WantedDoor & { json: boolean }): Promise<number> {
  const story = await storyOf(call, { ...flags, most: 20 })
  if (story === undefined) return EXIT.FAILED
  const { details } = story
  if (details?.farEnd === undefined) {
    console.error(`nobody has asked who picks up in call ${story.id}: it was placed without liveSpeakerDetect`)
    return EXIT.FAILED
  }
  const { farEnd, farEndType, times } = details
  if (flags.json) console.log(JSON.stringify({ callId: story.id, farEndType, ...farEnd }, null, 2))
  else console.log(`call ${story.id}: ${farEndType ?? 'not decided yet'}\n\n${printFarEnd(farEnd, times.ANSWERED)}`)
  return EXIT.OK
}

function replay(file: string, flags: HowFlags & { connectMs?: number; json: boolean }): number {
  const { samples, tape: kept } = readRecording(file)
  const { connectMs } = flags
  const tape =
    connectMs === undefined && kept !== undefined ? kept : callOfRecording(samples, connectMs ?? 0, optionsOf(flags))
  const events = replayTape(tape)
  const isSame = tape !== kept || saysTheSame(tape, events)
  if (flags.json) console.log(JSON.stringify(events, null, 2))
  else {
    const answered = tape.signals.find(({ signal }) => signal === 'answered')
    console.log(printEvents(events, answered?.atMs ?? 0))
    if (tape === kept) console.log(isSame ? '\nthe same as it was live' : '\nNOT what it was live')
  }
  return isSame ? EXIT.OK : EXIT.FAILED
}

function saysTheSame({ verdicts }: FarEndTape, events: ReturnType<typeof replayTape>): boolean {
  const again = events.filter(({ type }) => type === 'verdict')
  // What came at the very end of a call may have been said to nobody.
  return JSON.stringify(again.slice(0, verdicts.length)) === JSON.stringify(verdicts)
}

function evaluate(path: string, flags: HowFlags & { json: boolean; curve: boolean }): number {
  const folder = readFolder(path)
  const { labels, unnamed } = folder
  if (unnamed.length > 0) console.error(`labels.csv does not name ${unnamed.length} of the WAV files, as ${unnamed[0]}`)
  const options = optionsOf(flags)
  const curve = flags.curve && !flags.json ? SENSITIVITIES : []
  const all = [options, ...curve.map((each) => ({ ...options, sensitivity: each }))]
  const [rows, ...points] = hearFolder(folder, all, (done, heard) => {
    if (heard.label.connectMs > heard.durationMs)
      console.error(`${heard.file} is over before connectMs: nobody is heard`)
    showProgress(done, labels.length)
  })
  if (flags.json) console.log(JSON.stringify(rows, null, 2))
  else {
    const figures = points.map((each, n) => curvePoint(SENSITIVITIES[n]!, each))
    console.log(printFigures(classFigures(rows!), beepFigures(rows!), figures))
  }
  return EXIT.OK
}

/** On a terminal always, elsewhere where it takes long. */
function showProgress(done: number, of: number): void {
  if (process.stderr.isTTY) process.stderr.write(`\r${done} of ${of} recordings${done === of ? '\n' : ''}`)
  else if (done % 100 === 0) process.stderr.write(`${done} of ${of} recordings\n`)
}

function optionsOf({ timeoutMs, sensitivity: wanted, start }: HowFlags): FarEndOptions {
  return { timeoutMs, sensitivity: wanted, start }
}

const SENSITIVITIES = [0.1, 0.3, 0.5, 0.7, 0.9]

const timeout = inRange(500, 10_000)
const sensitivity = inRange(0, 1)
const milliseconds = inRange(0, MOST_CONNECT_MS)

function inRange(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text)
    if (text === '' || !(value >= least && value <= most))
      throw new InvalidArgumentError(`give a number from ${least} to ${most}.`)
    return value
  }
}

function startPoint(text: string): FarEndStart {
  if (text === 'DEFAULT' || text === 'TIMEOUT_FROM_NETWORK_CONNECT' || text === 'TIMEOUT_FROM_ANSWER_DETECT')
    return text
  throw new InvalidArgumentError('give DEFAULT, TIMEOUT_FROM_NETWORK_CONNECT or TIMEOUT_FROM_ANSWER_DETECT.')
}

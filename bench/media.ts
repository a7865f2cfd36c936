/**
 * CPU time of calls with media: each plays a prompt and listens for digits, passes what it hears to another, or is in a
 * room, on a UDP port of its own. Ours, on either network, runs in turn with a C program that does the least that can be done
 * (bench/reference/sweep.c, built here when there is a compiler), against the same far end: the ratio is what
 * TypeScript costs. At the end each is given as many calls as should make 70 % of a core, and it is seen how that goes.
 *
 *     npm run build && node --import jiti/register bench/media.ts [legs] [rounds] [seconds] [works]
 *
 * Works are `ivr`, `events` (the same without digits as tones), `bridge`, and `room:SIZE:SPEAKERS` with as many rooms as
 * the legs make, or `room:SIZE:SPEAKERS:LEGS`.
 */
import { median } from './interleaved.ts'
import { Reference, type Round, SUBJECTS, type Subject, type Work } from './media-round.ts'

/** What a core is loaded with at most, so that there is room for what else happens. */
const FULL = 0.7
/** Ports of the near end. */
const MOST_LEGS = 10_000

type Rounds = Readonly<Record<Subject, readonly Round[]>>

/** One line of what is measured. */
interface Task {
  readonly work: Work
  readonly legs: number
}

async function interleaved(reference: Reference, { work, legs }: Task): Promise<Rounds> {
  const rounds: Record<Subject, Round[]> = { C: [], libc: [], dgram: [] }
  for (let i = 0; i < roundCount; i++)
    for (const subject of SUBJECTS) rounds[subject].push(await reference.measure(subject, work, legs, seconds))
  return rounds
}

function print(work: Work, subject: Subject, rounds: Rounds): void {
  const ours = rounds[subject]
  const pairUs = median(ours.map((round) => round.pairUs))
  const ratio = median(ours.map((round, i) => round.pairUs / rounds.C[i]!.pairUs))
  const middle = <Key extends string>(of: (round: Round) => Readonly<Record<Key, number>>, key: Key): string =>
    median(ours.map((round) => of(round)[key])).toFixed(2)
  const sum = (of: (round: Round) => number): number => ours.reduce((total, round) => total + of(round), 0)
  const perCall = (work === 'bridge' ? 2 : 1) * pairUs
  const share = `${pairUs.toFixed(2)} µs a pair, ${((perCall / 20_000) * 10_000).toFixed(2)} % of a core per 100 calls`
  console.log(`${subject.padStart(8)}  ${share}, ${ratio.toFixed(2)} times C`)
  console.log(
    `          late p50 ${middle(({ near }) => near, 'p50')}, p99 ${middle(({ near }) => near, 'p99')}, ` +
      `p99.9 ${middle(({ near }) => near, 'p999')} ms; intervals at the far end off by p99 ` +
      `${middle(({ far }) => far, 'p99')}, p99.9 ${middle(({ far }) => far, 'p999')} ms`,
  )
  console.log(
    `          ${sum(({ far }) => far.packets)} packets, ${sum(({ far }) => far.lost)} lost to the far end, ` +
      `${sum(({ near }) => near.lost)} from it, ${sum(({ near }) => near.slotsSkipped)} slots skipped; ` +
      `digits ${sum(({ near }) => near.digitsHeard)} of ${sum(({ far }) => far.digitsSent)}`,
  )
}

/** How many legs make {@link FULL}, by what a pair cost before, and what comes of giving it so many. */
async function probe(reference: Reference, work: Work, subject: Subject, rounds: Rounds): Promise<void> {
  const pairUs = median(rounds[subject].map((round) => round.pairUs))
  const wanted = Math.floor((FULL * 20_000) / pairUs / 2) * 2
  const given = Math.min(wanted, MOST_LEGS)
  const { cores, near, far } = await reference.measure(subject, work, given, seconds)
  const due = given * 50 * seconds
  console.log(
    `${subject.padStart(8)}  ${wanted} legs should make ${100 * FULL} % of a core; with ${given}: ` +
      `${(100 * cores).toFixed(0)} %, late p99 ${near.p99.toFixed(2)} ms, ${far.lost + near.lost} packets lost, ` +
      `${((100 * far.packets) / due).toFixed(2)} % of those due came`,
  )
}

function taskOf(text: string): Task {
  const [kind = '', size = 0, speakers = 0, count = legs] = text
    .split(':')
    .map((part, i) => (i === 0 ? part : Number(part))) as [string, ...number[]]
  if (kind !== 'room') return { work: kind as Work, legs }
  return { work: `room:${size}:${speakers}`, legs: Math.floor(count / size) * size }
}

function titleOf({ work, legs }: Task): string {
  const [kind, size, speakers] = work.split(':')
  if (kind === 'room') return `${legs} legs in rooms of ${size}, of whom ${speakers} speak`
  if (kind === 'bridge') return `${legs} legs are bridged two by two, payloads passing as they are`
  return `${legs} legs play a prompt and listen for digits${kind === 'ivr' ? ', also for those that are tones' : ''}`
}

const [legs = 1000, roundCount = 3, seconds = 8] = process.argv.slice(2, 5).map(Number)
const tasks = (process.argv[5] ?? 'ivr,events,bridge,room:300:3:300,room:5:2:300,room:20:3:300').split(',').map(taskOf)
let reference: Reference | undefined
try {
  reference = new Reference()
  for (const task of tasks) {
    const rounds = await interleaved(reference, task)
    console.log(`${titleOf(task)}; ${roundCount} interleaved rounds of ${seconds} s`)
    for (const subject of SUBJECTS) print(task.work, subject, rounds)
    if (!task.work.startsWith('room'))
      for (const subject of SUBJECTS) await probe(reference, task.work, subject, rounds)
  }
} catch (error) {
  if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  console.log('not measured: there is no C compiler (cc) to build the reference and the far end with')
} finally {
  reference?.remove()
}

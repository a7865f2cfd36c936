import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { melodyWav, PROMPT } from '../demo/melody.ts'
import { Load, type LoadTally } from './load.ts'
import { type LoadSample, msPerCallOf, type Plateau, plateauOf, quantile } from './measure.ts'
import { type Observed, ObservedPid, ownSample, type Sample } from './observed.ts'
import { apart, ownCores, pinSelf } from './pinning.ts'
import { type BenchPlan, checkPlan } from './plan.ts'
import { LOOPBACK } from './server-config.ts'
import { Subject } from './subject.ts'
import { PROMPT_FILE, SILENCE_FILE } from './subject-apps.ts'
import type { SubjectOrder } from './subject-process.ts'

/** A system that is not ours to start. */
export interface ForeignTarget {
  readonly uri: string
  /** The address and port of this machine to call from; port 0 for any. */
  readonly address: string
  readonly port: number
  /** Its process, when it runs on this machine and is to be measured. */
  readonly pid: number | undefined
}

export interface BenchOptions {
  readonly plan: BenchPlan
  /** `undefined`: an exchange of our own is started, on loopback, with this network. */
  readonly target: ForeignTarget | undefined
  readonly io: 'auto' | 'libc' | 'dgram'
  /** Ends the calls early when it aborts. */
  readonly signal: AbortSignal
  /** Hears the address of the load's answering side before the first call. */
  readonly onStart?: (peerUri: string) => void
  /** Hears what is going on, once a second. */
  readonly onProgress: (progress: Progress) => void
}

export interface Progress {
  readonly seconds: number
  readonly tally: LoadTally
  readonly sample: Sample | undefined
  /** CPU time of the process under test since the last time, as a share of one core. */
  readonly cores: number | undefined
}

/** Milliseconds that half, 99 % and 99.9 % of all did not exceed. */
export interface Percentiles {
  readonly p50: number
  readonly p99: number
  readonly p999: number
}

export interface BenchResult {
  readonly plan: BenchPlan
  /** Where the calls went. */
  readonly target: string
  /** The cores of either side, when they were kept apart. */
  readonly cores: { readonly subject: readonly number[]; readonly load: readonly number[] } | undefined
  readonly calls: {
    readonly placed: number
    readonly answered: number
    readonly failed: number
    readonly causes: Readonly<Record<string, number>>
    /** The most that stood at a time, of those that were counted once a second. */
    readonly most: number
    /** At which they were really placed. */
    readonly perSecond: number
  }
  /** From INVITE to answer. */
  readonly setupMs: Percentiles
  /** Of the process under test, when it can be measured. */
  readonly cpu?: {
    /** While the calls stood; absent when they did not for long enough. */
    readonly plateau?: Plateau
    /** Of calls that are not held: all it took from INVITE to BYE, over the second half of the calls. */
    readonly msPerCall?: number
  }
  readonly memory?: { readonly idleBytes: number; readonly mostBytes: number; readonly afterBytes: number }
  /** How late the media ticks of the exchange under test began; only our own says so. */
  readonly latenessMs?: Percentiles
  /** Media as the load heard it, and what the exchange under test missed of the load's. */
  readonly media?: {
    readonly streams: number
    readonly packets: number
    readonly lost: number
    /** Of the packets that the load has sent: by the exchange's own count, or else by the reports that it sent. */
    readonly lostBySubject?: number
    /** Packets that the exchange did not send because it was late. */
    readonly slotsSkipped?: number
    /** Interarrival jitter at the end of each stream (RFC 3550), as seen by the load, which looks every 20 ms. */
    readonly jitterMs: Percentiles
    /** The most that a stream's clock was fast or slow against that of the load, in millionths; known after a minute. */
    readonly mostDriftPpm?: number
  }
  /** How the load itself fared: when it was busy or late, the other figures say more of it than of the exchange. */
  readonly load: { readonly cores: number; readonly latenessP99Ms: number }
}

/**
 * Loads an exchange with calls and says what they cost it. The exchange is started for it in a process of its own, on
 * the first core; the load runs in this process on the others.
 *
 * @throws UsageError for a plan that cannot be run; RingdownError RINGDOWN_TRANSPORT when an address cannot be had
 */
export async function runBench(options: BenchOptions): Promise<BenchResult> {
  const { plan, target, onStart } = options
  checkPlan(plan)
  const observedPid = target?.pid === undefined ? undefined : new ObservedPid(target.pid)
  const pinning = target === undefined ? apart(ownCores()) : undefined
  if (pinning !== undefined) pinSelf(pinning.load)
  const directory = mkdtempSync(join(tmpdir(), 'ringdown-bench-'))
  writeFileSync(join(directory, PROMPT_FILE), melodyWav(PROMPT))
  writeFileSync(join(directory, SILENCE_FILE), melodyWav([{ semitone: 'rest', durationMs: 1000 }]))
  let [load, subject]: [Load | undefined, Subject | undefined] = [undefined, undefined]
  try {
    load = await Load.start(directory, target?.address ?? LOOPBACK, target?.port ?? 0)
    if (target === undefined) subject = await Subject.start(orderOf(options, directory, load), pinning?.subject)
    onStart?.(load.peerUri)
    const uri = target?.uri ?? (subject as Subject).uriOf(plan.mode)
    return await measure(options, load, uri, subject ?? observedPid, pinning)
  } finally {
    await Promise.all([load?.close(), subject?.stop()])
    rmSync(directory, { recursive: true })
    if (pinning !== undefined) pinSelf([...pinning.subject, ...pinning.load])
  }
}

function orderOf({ plan, io }: BenchOptions, directory: string, load: Load): SubjectOrder {
  const { rooms } = plan
  return { directory, peer: load.peerUri, io, ...(rooms !== undefined && { roomSize: rooms.size }) }
}

async function measure(
  { plan, signal, onProgress }: BenchOptions,
  load: Load,
  uri: string,
  observed: Observed | undefined,
  pinning: BenchResult['cores'],
): Promise<BenchResult> {
  const { tally } = load
  const idle = await observed?.sample()
  const ownBefore = ownSample()
  const samples: LoadSample[] = []
  let most = 0
  const run = load.run(plan, uri, signal)
  let isOver = false
  const over = run.finally(() => {
    isOver = true
  })
  over.catch(() => {})
  const begun = performance.now()
  for (let second = 1; !isOver; second++) {
    await Promise.race([sleep(begun + second * 1000 - performance.now()), over])
    if (isOver) break
    most = Math.max(most, tally.up)
    const before = samples.at(-1)
    const sample = await observed?.sample()
    if (sample !== undefined) samples.push({ ...sample, up: tally.up, answered: tally.answered })
    const cores = sample && before && (sample.cpuMs - before.cpuMs) / (sample.atMs - before.atMs)
    onProgress({ seconds: (performance.now() - begun) / 1000, tally, sample, cores })
  }
  await run
  const ownAfter = ownSample()
  // What the media workers count arrives within a tenth of a second.
  await sleep(COUNTERS_DELAY_MS)
  const after = await observed?.sample()
  const heard = heardOf(tally, after)
  const placedMs = tally.lastPlacedMs - tally.firstPlacedMs
  return {
    plan,
    target: uri,
    cores: pinning,
    calls: {
      placed: tally.placed,
      answered: tally.answered,
      failed: tally.failed,
      causes: Object.fromEntries(tally.causes),
      most,
      perSecond: placedMs > 0 ? ((tally.placed - 1) * 1000) / placedMs : plan.rate,
    },
    setupMs: percentiles(tally.setupMs),
    ...(idle && after && usedBy(plan, idle, samples, after)),
    ...(after?.counters && { latenessMs: latenessOf(after.counters) }),
    ...(heard && { media: heard }),
    load: {
      cores: (ownAfter.cpuMs - ownBefore.cpuMs) / (ownAfter.atMs - ownBefore.atMs),
      latenessP99Ms: load.ownLatenessP99Ms,
    },
  }
}

function usedBy(
  { holdMs }: BenchPlan,
  idle: Sample,
  samples: readonly LoadSample[],
  after: Sample,
): Pick<BenchResult, 'cpu' | 'memory'> {
  const plateau = plateauOf(samples)
  const msPerCall = holdMs === 0 ? msPerCallOf(samples) : undefined
  return {
    cpu: holdMs === 0 ? { ...(msPerCall !== undefined && { msPerCall }) } : { ...(plateau && { plateau }) },
    memory: {
      idleBytes: idle.residentBytes,
      mostBytes: Math.max(...[idle, ...samples, after].map(({ residentBytes }) => residentBytes)),
      afterBytes: after.residentBytes,
    },
  }
}

function heardOf({ heard }: LoadTally, after: Sample | undefined): BenchResult['media'] {
  if (heard.length === 0) return undefined
  const sum = (of: (leg: LoadTally['heard'][number]) => number): number =>
    heard.reduce((total, leg) => total + of(leg), 0)
  const reported = heard.filter(({ farEnd }) => farEnd !== undefined)
  const drifts = heard.flatMap(({ clockDriftPpm }) => (clockDriftPpm === undefined ? [] : [Math.abs(clockDriftPpm)]))
  const counted = after?.counters && { lostBySubject: after.counters.packetsLost ?? 0 }
  return {
    streams: heard.length,
    packets: sum(({ packetsReceived }) => packetsReceived),
    lost: sum(({ packetsLost }) => packetsLost),
    ...(reported.length > 0 && { lostBySubject: sum(({ farEnd }) => farEnd?.packetsLost ?? 0) }),
    ...counted,
    ...(after?.counters && { slotsSkipped: after.counters.slotsSkipped ?? 0 }),
    jitterMs: percentiles(heard.map(({ jitterMs }) => jitterMs)),
    ...(drifts.length > 0 && { mostDriftPpm: quantile(drifts, 1) }),
  }
}

function latenessOf(counters: Readonly<Record<string, number>>): Percentiles {
  const ms = (name: string): number => (counters[name] ?? 0) / 1000
  return { p50: ms('tickLatenessP50Us'), p99: ms('tickLatenessP99Us'), p999: ms('tickLatenessP999Us') }
}

function percentiles(values: readonly number[]): Percentiles {
  return { p50: quantile(values, 0.5), p99: quantile(values, 0.99), p999: quantile(values, 0.999) }
}

const COUNTERS_DELAY_MS = 300

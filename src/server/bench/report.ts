import type { BenchResult, Percentiles, Progress } from './bench.ts'
import type { Plateau } from './measure.ts'
import type { BenchPlan } from './plan.ts'

/** What is going on, in one line. */
export function progressLine({ seconds, tally, sample, cores }: Progress): string {
  const parts = [`${seconds.toFixed(0).padStart(4)} s`, `${tally.placed} placed`, `${tally.up} up`]
  if (tally.failed > 0) parts.push(`${tally.failed} failed`)
  if (cores !== undefined) parts.push(`CPU ${(100 * cores).toFixed(1)} % of a core`)
  if (sample !== undefined) parts.push(`resident ${megabytes(sample.residentBytes)}`)
  return parts.join(', ')
}

/** The result as lines for people: a name and what was measured. */
export function table(result: BenchResult): string[] {
  const { plan, calls, cpu, memory, media, latenessMs, load } = result
  const rows: [string, string | undefined][] = [
    [
      'load',
      `${plan.calls} calls (${plan.mode}${roomsText(plan)}) at ${plan.rate} a second, ${plan.holdMs / 1000} s each, to ${result.target}`,
    ],
    ['cores', coresText(result)],
    [
      'calls',
      `${calls.answered} answered, ${calls.failed} failed${causesText(calls.causes)}; ${calls.perSecond.toFixed(1)} placed a second, ${calls.most} at a time`,
    ],
    ['set-up', percentilesText(result.setupMs)],
    ['CPU', cpu && cpuText(cpu)],
    [
      'memory',
      memory &&
        `resident ${megabytes(memory.idleBytes)} idle, ${megabytes(memory.mostBytes)} at most, ${megabytes(memory.afterBytes)} after`,
    ],
    ['lateness', latenessMs && `${percentilesText(latenessMs)} of its media ticks${lateTicksText(cpu?.plateau)}`],
    ['media', media && mediaText(media)],
    ['jitter', media && `${percentilesText(media.jitterMs)} as the load saw it, looking every 20 ms`],
    [
      'the load',
      `used ${(100 * load.cores).toFixed(1)} % of a core, its ticks late by p99 ${load.latenessP99Ms.toFixed(2)} ms`,
    ],
  ]
  const lines = rows.flatMap(([name, text]) => (text === undefined ? [] : [`${name.padEnd(10)}${text}`]))
  return isLoadSlow(result)
    ? [...lines, 'The load could not keep up on its own side: the figures say more of it than of the exchange.']
    : lines
}

/** Whether the load was the slow one: late itself, short of CPU time, or behind its rate. */
export function isLoadSlow({ plan, calls, load, cores }: BenchResult): boolean {
  const isBehind = calls.placed >= 2 * plan.rate && calls.perSecond < 0.9 * plan.rate
  return load.latenessP99Ms > 10 || load.cores > 0.9 * (cores?.load.length ?? Number.POSITIVE_INFINITY) || isBehind
}

function roomsText({ rooms }: BenchPlan): string {
  return rooms === undefined ? '' : `, rooms of ${rooms.size} of whom ${rooms.speakers} speak`
}

function coresText({ cores, cpu }: BenchResult): string | undefined {
  if (cores !== undefined) return `the exchange on ${cores.subject.join(', ')}, the load on ${cores.load.join(', ')}`
  return cpu && 'not kept apart: the load takes CPU time from what it measures'
}

function cpuText({ plateau, msPerCall }: NonNullable<BenchResult['cpu']>): string {
  if (msPerCall !== undefined) return `${msPerCall.toFixed(3)} ms a call, from its INVITE to its end`
  if (plateau === undefined) return 'not known: the calls were over too soon; place more of them, or hold them longer'
  const { percentPer100Calls, cores, calls, seconds } = plateau
  const share = `${(100 * cores).toFixed(1)} % with ${calls.toFixed(0)} calls, over ${seconds.toFixed(0)} s`
  return `${percentPer100Calls.toFixed(2)} % of a core per 100 calls (${share})`
}

/** The percentiles are of all ticks: also of those in which calls were set up and ended. */
function lateTicksText(plateau: Plateau | undefined): string {
  if (plateau?.lateTicksPerSecond === undefined) return ''
  return `; while the calls stood, ${plateau.lateTicksPerSecond.toFixed(1)} a second were 5 ms late or more`
}

function mediaText({ streams, packets, lost, lostBySubject, slotsSkipped }: NonNullable<BenchResult['media']>): string {
  const theirs = lostBySubject === undefined ? '' : `, ${lostBySubject} lost the other way`
  const skipped = slotsSkipped === undefined ? '' : `, ${slotsSkipped} slots skipped`
  return `${packets} packets heard on ${streams} streams, ${lost} lost${theirs}${skipped}`
}

function causesText(causes: Readonly<Record<string, number>>): string {
  const texts = Object.entries(causes).map(([cause, count]) => `${count} ${cause}`)
  return texts.length === 0 ? '' : ` (${texts.join(', ')})`
}

function percentilesText({ p50, p99, p999 }: Percentiles): string {
  return `p50 ${p50.toFixed(2)}, p99 ${p99.toFixed(2)}, p99.9 ${p999.toFixed(2)} ms`
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(0)} MB`
}

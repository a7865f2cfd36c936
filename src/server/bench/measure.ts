import type { Sample } from './observed.ts'

/** A sample of the process under test, and the calls at that time. */
export interface LoadSample extends Sample {
  /** Calls that stood. */
  readonly up: number
  /** Calls that had been answered so far. */
  readonly answered: number
}

/** What standing calls cost. */
export interface Plateau {
  readonly seconds: number
  /** Calls that stood, on the average. */
  readonly calls: number
  /** CPU time as a share of one core, 1 being all of it. */
  readonly cores: number
  /** The same for 100 calls, in percent of a core. */
  readonly percentPer100Calls: number
  /** Media ticks that came 5 ms late or more, of 200 a second in each worker; absent where the exchange does not say. */
  readonly lateTicksPerSecond?: number
}

/**
 * What the calls cost while nearly all of them stood: over the intervals at both ends of which nine tenths of the most
 * were there. `undefined` when no call lasted from one sample to the next.
 */
export function plateauOf(samples: readonly LoadSample[]): Plateau | undefined {
  const most = Math.max(0, ...samples.map(({ up }) => up))
  let [ms, cpuMs, callMs, lateTicks] = [0, 0, 0, 0]
  for (const [i, sample] of samples.entries()) {
    const before = samples[i - 1]
    if (before === undefined || Math.min(before.up, sample.up) < Math.max(1, 0.9 * most)) continue
    const passed = sample.atMs - before.atMs
    ms += passed
    cpuMs += sample.cpuMs - before.cpuMs
    callMs += (passed * (before.up + sample.up)) / 2
    lateTicks += (sample.counters?.lateTicks ?? 0) - (before.counters?.lateTicks ?? 0)
  }
  if (ms === 0) return undefined
  return {
    seconds: ms / 1000,
    calls: callMs / ms,
    cores: cpuMs / ms,
    percentPer100Calls: (cpuMs / callMs) * 10_000,
    ...(samples.at(-1)?.counters && { lateTicksPerSecond: (lateTicks * 1000) / ms }),
  }
}

/**
 * CPU time for each call answered, in milliseconds, from the half of the calls on: the first ones also compile code and
 * grow tables. `undefined` when it was all over too soon.
 */
export function msPerCallOf(samples: readonly LoadSample[]): number | undefined {
  const last = samples.at(-1)
  const half = samples.find(({ answered }) => answered >= (last?.answered ?? 0) / 2)
  if (last === undefined || half === undefined || half.answered === last.answered) return undefined
  return (last.cpuMs - half.cpuMs) / (last.answered - half.answered)
}

/** The value that this share of all does not exceed; NaN when there is none. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN
}

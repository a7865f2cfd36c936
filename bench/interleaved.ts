/** The middle one of several values; NaN when there is none. */
export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
}

/**
 * The median time of each of several pieces of work, in nanoseconds for one call of it, measured in rounds of one after
 * the other, so that whatever else the machine does hits all alike. The first rounds are for the compiler.
 */
export function interleaved(works: readonly (() => void)[], calls: number, rounds = 25): number[] {
  const times = works.map(() => [] as number[])
  for (let round = -5; round < rounds; round++) {
    for (const [i, work] of works.entries()) {
      const start = process.hrtime.bigint()
      for (let call = 0; call < calls; call++) work()
      if (round >= 0) times[i]!.push(Number(process.hrtime.bigint() - start) / calls)
    }
  }
  return times.map(median)
}

/** A compiled module of the media room: a loader that translates on the fly makes some of it ten times slower. */
export function built<T>(name: string): Promise<T> {
  return import(new URL(`../dist/media/${name}.js`, import.meta.url).href) as Promise<T>
}

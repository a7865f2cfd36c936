import { execFileSync } from 'node:child_process'

/** Which cores belong to whom, where the two can be kept apart. */
export interface Pinning {
  readonly subject: readonly number[]
  readonly load: readonly number[]
}

/** The first core of this process for the exchange under test, the others for the load; `undefined` when it has one. */
export function apart(cores: readonly number[]): Pinning | undefined {
  const [first, ...rest] = cores
  return first === undefined || rest.length === 0 ? undefined : { subject: [first], load: rest }
}

/** The cores that this process may use, as `taskset` tells; none where there is no `taskset`. */
export function ownCores(): number[] {
  try {
    return parseCores(execFileSync('taskset', ['-cp', String(process.pid)], { encoding: 'utf8' }))
  } catch {
    return []
  }
}

/** What `taskset -cp` prints, `pid 12's current affinity list: 0,2-3`, as numbers. */
export function parseCores(text: string): number[] {
  const list = text.trim().split(' ').at(-1) ?? ''
  return list.split(',').flatMap((part) => {
    const [first = Number.NaN, last = first] = part.split('-').map(Number)
    return Array.from({ length: last - first + 1 }, (_, i) => first + i)
  })
}

/** Keeps every thread of this process on these cores; threads to come inherit it. */
export function pinSelf(cores: readonly number[]): void {
  execFileSync('taskset', ['-acp', cores.join(','), String(process.pid)], { stdio: 'ignore' })
}

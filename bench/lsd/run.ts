import { fork } from 'node:child_process'
import { appendFileSync, rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { DETECTORS } from './detectors/detectors.ts'
import { listenTo } from './listen.ts'
import { CorpusMaterial } from './material.ts'
import type { BenchOptions } from './options.ts'
import { type CallName, renderCall } from './render/render.ts'
import { type CallScore, scoreCall } from './score/call-score.ts'
import type { DetectorScores } from './score/tables.ts'

/** The calls of a run, in the order of their index, so that the first of each stratum are heard first. */
export function callNames({
  split,
  seed,
  strata,
  calls,
}: Pick<BenchOptions, 'split' | 'seed' | 'strata' | 'calls'>): CallName[] {
  return Array.from({ length: calls }, (_, index) => strata.map((stratum) => ({ stratum, split, seed, index }))).flat()
}

/** Lets all detectors hear all calls, in as many processes as `options.jobs`. */
export async function runDetectors(
  options: BenchOptions,
  onProgress: (done: number, of: number) => void,
): Promise<DetectorScores[]> {
  if (options.dump !== undefined) rmSync(options.dump, { force: true })
  const whole = callNames(options).length
  let done = 0
  const parts = await Promise.all(
    Array.from({ length: options.jobs }, (_, job) =>
      options.jobs === 1
        ? runPart(options, job, () => onProgress(++done, whole))
        : runApart(options, job, () => onProgress(++done, whole)),
    ),
  )
  return DETECTORS.filter(({ name }) => options.detectors.includes(name)).map(({ name, title }) => ({
    name,
    title,
    scores: parts.flatMap((part) => part[name]!),
  }))
}

type Part = Readonly<Record<string, readonly CallScore[]>>

/** Every `options.jobs`th call. */
async function runPart(options: BenchOptions, job: number, onCall: () => void): Promise<Part> {
  const material = new CorpusMaterial(options.corpus, options.cache)
  const detectors = DETECTORS.filter(({ name }) => options.detectors.includes(name))
  const part: Record<string, CallScore[]> = Object.fromEntries(detectors.map(({ name }) => [name, []]))
  for (const [n, name] of callNames(options).entries()) {
    if (n % options.jobs !== job) continue
    const call = renderCall(name, material)
    const said: Record<string, unknown> = {}
    for (const detector of detectors) {
      const hearing = listenTo(call, detector, options.timeoutMs)
      const score = scoreCall(call.truth, hearing)
      part[detector.name]!.push(score)
      said[detector.name] = { score, outcomes: hearing.outcomes }
    }
    if (options.dump !== undefined) appendFileSync(options.dump, `${JSON.stringify({ truth: call.truth, said })}\n`)
    onCall()
  }
  return part
}

function runApart(options: BenchOptions, job: number, onCall: () => void): Promise<Part> {
  const child = fork(fileURLToPath(import.meta.url), [], {
    execArgv: ['--import', 'jiti/register'],
    serialization: 'advanced',
  })
  child.send({ options, job })
  return new Promise((resolve, reject) => {
    child.on('message', (message: { readonly part?: Part }) => {
      if (message.part === undefined) onCall()
      else resolve(message.part)
    })
    child.on('exit', (code) => reject(new Error(`A process of the benchmark ended with ${code}`)))
  })
}

if (process.send !== undefined && process.argv[1] === fileURLToPath(import.meta.url)) {
  process.once('message', async ({ options, job }: { readonly options: BenchOptions; readonly job: number }) => {
    const part = await runPart(options, job, () => process.send!({}))
    process.send!({ part }, () => process.exit(0))
  })
}

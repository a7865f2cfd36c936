// Text to speech with the default voice: what a sentence costs, what 200 callers wait who want one each at the same moment,
// whether the media of their calls notice, and how well the voice is understood.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { PROMPT_FILE, SILENCE_FILE } from '../dist/server/bench/subject-apps.js'
import { melodyWav, PROMPT } from '../dist/server/demo/melody.js'
import { PromptDisk, Speech, ThreadEngine } from '../dist/speech/index.js'
import { measureIntelligibility } from './intelligibility.ts'
import { median } from './interleaved.ts'
import type { SpeechOrder, SpeechReport } from './speech-exchange.ts'
import { type Loaded, latenessOf, lateTicks, underLoad } from './under-load.ts'

const CALLS = 200
const TARGET_MS = 150
const ROUNDS = 15
/** Packets that were skipped, a tick having come too late for them, with files: what the machine costs without any speech. */
let skippedWithFiles = 0
/** Sub-ticks that were late, with files. */
let lateWithFiles = 0

await sentences()
for (const says of ['prompt', 'sentences'] as const) await calls(says)
if (!(await measureIntelligibility())) process.exitCode = 1

/** A prompt of a dozen words: made, found in memory, found on disk. */
async function sentences(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'ringdown-speech-'))
  const engine = new ThreadEngine({ type: 'flite' })
  const disk = new PromptDisk({ directory: folder, bytes: 1e8 })
  const speech = new Speech(engine, { disk })
  const prompt = (at: number): string => `Please enter conference number ${at}, followed by the hash key.`
  const cold = await costOf(() => speech.open('Good morning.').clip())
  const made: Cost[] = []
  for (let at = 0; at < ROUNDS; at++) made.push(await costOf(() => speech.open(prompt(at)).clip()))
  const inMemory: Cost[] = []
  for (let at = 0; at < ROUNDS; at++) inMemory.push(await costOf(() => speech.open(prompt(at)).clip()))
  const again = new Speech(engine, { disk })
  const onDisk: Cost[] = []
  for (let at = 0; at < ROUNDS; at++) onDisk.push(await costOf(() => again.open(prompt(at)).clip()))
  await Promise.all([speech.close(), again.close()])
  rmSync(folder, { recursive: true })
  const cpuMs = median(made.map((cost) => cost.cpuMs))
  console.log(`first sentence of a process: ${told(cold)}`)
  console.log(
    `a prompt that is made: ${told(medianOf(made))} (target ${TARGET_MS} ms CPU), ` +
      `real-time factor ${median(made.map((cost) => cost.cpuMs / cost.audioMs)).toFixed(3)}`,
  )
  console.log(`found in memory: ${told(medianOf(inMemory))}; on disk: ${told(medianOf(onDisk))}`)
  if (cpuMs > TARGET_MS) process.exitCode = 1
}

interface Cost {
  readonly cpuMs: number
  readonly wallMs: number
  readonly audioMs: number
}

async function costOf(
  make: () => Promise<{ readonly data: { readonly length: number }; readonly sampleRateHz: number } | undefined>,
): Promise<Cost> {
  const [cpu, begun] = [process.cpuUsage(), performance.now()]
  const clip = await make()
  const { user, system } = process.cpuUsage(cpu)
  const audioMs = (1000 * (clip?.data.length ?? Number.NaN)) / (clip?.sampleRateHz ?? Number.NaN)
  return { cpuMs: (user + system) / 1000, wallMs: performance.now() - begun, audioMs }
}

function medianOf(costs: readonly Cost[]): Cost {
  const of = (part: keyof Cost): number => median(costs.map((cost) => cost[part]))
  return { cpuMs: of('cpuMs'), wallMs: of('wallMs'), audioMs: of('audioMs') }
}

function told({ cpuMs, wallMs }: Cost): string {
  return `${cpuMs.toFixed(2)} ms CPU, ${wallMs.toFixed(2)} ms`
}

/** Calls that all hear the prompt, or all want a sentence of their own at the same moment. */
async function calls(says: SpeechOrder['says']): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'ringdown-speech-'))
  writeFileSync(join(directory, PROMPT_FILE), melodyWav(PROMPT))
  writeFileSync(join(directory, SILENCE_FILE), melodyWav([{ semitone: 'rest', durationMs: 1000 }]))
  const order: SpeechOrder = { directory, calls: CALLS, says }
  try {
    const load = { script: 'speech-exchange.ts', order, directory, calls: CALLS, holdMs: 30_000 }
    print(says, await underLoad<SpeechReport>(load))
  } finally {
    await sleep(500)
    rmSync(directory, { recursive: true })
  }
}

function print(says: SpeechOrder['says'], loaded: Loaded<SpeechReport>): void {
  const { waitedMs, mostWaiting, cpuMs, counters } = loaded.report
  console.log(
    `${CALLS} calls that hear ${says === 'prompt' ? 'a prompt' : 'a new sentence each'}, ${loaded.failed} failed: ` +
      `${latenessOf(loaded)}; CPU ${(cpuMs / 1000).toFixed(1)} s`,
  )
  const skipped = counters.slotsSkipped ?? 0
  const late = lateTicks(loaded.report)
  if (says === 'prompt') {
    skippedWithFiles = skipped
    lateWithFiles = late
    return
  }
  const [moreSkipped, moreLate] = [skipped - skippedWithFiles, late - lateWithFiles]
  if (moreSkipped > 0 || moreLate > 0) {
    console.log(
      `    ${moreLate} sub-ticks more were late and ${moreSkipped} packets more skipped than with files: none may be`,
    )
    process.exitCode = 1
  }
  const sorted = [...waitedMs].sort((a, b) => a - b)
  const at = (share: number): string =>
    ((sorted[Math.floor(share * (sorted.length - 1))] ?? Number.NaN) / 1000).toFixed(1)
  console.log(
    `    ${sorted.length} sentences, at most ${mostWaiting} waiting: the first was there after ${at(0)} s, half after ${at(0.5)} s, all after ${at(1)} s`,
  )
}

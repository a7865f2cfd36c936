// Live speaker detection beside media: 300 calls that play a prompt and whose far ends speak, first unheard, then each of them
// listened to at the same time by the detection thread. Whether media ticks notice, and what a second of it costs.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { wavHeader } from '../dist/media/index.js'
import { PROMPT_FILE, SILENCE_FILE } from '../dist/server/bench/subject-apps.js'
import { melodyWav, PROMPT } from '../dist/server/demo/melody.js'
import { voiceOf } from '../dist/testing/truth/voice.js'
import type { DetectionOrder, DetectionReport } from './detection-exchange.ts'
import { type Loaded, latenessOf, lateTicks, underLoad } from './under-load.ts'

const CALLS = Number(process.argv[2] ?? 300)
const HOLD_MS = 25_000
const SAID = 'Hello? Who is there, please? I cannot hear you very well, could you say that again?       '

const unheard = await run(false)
const heard = await run(true)
print('unheard', unheard)
print('listened to', heard)
const { listenedS, mostDetections, counters } = heard.report
const extraMs = heard.report.cpuMs - unheard.report.cpuMs
console.log(
  `a second of detection costs ${(extraMs / listenedS).toFixed(2)} ms of CPU, decoding and jitter buffer included; ` +
    `at most ${mostDetections} at a time, ${counters.farEndsLate ?? 0} too late, ${counters.liveAudioLostMs ?? 0} ms lost`,
)
if (lateTicks(heard.report) > lateTicks(unheard.report)) process.exitCode = 1

async function run(isListening: boolean): Promise<Loaded<DetectionReport>> {
  const directory = mkdtempSync(join(tmpdir(), 'ringdown-detection-'))
  const theirs = mkdtempSync(join(tmpdir(), 'ringdown-detection-'))
  writeFileSync(join(directory, PROMPT_FILE), melodyWav(PROMPT))
  const voice = voiceOf(SAID).data
  for (const name of [PROMPT_FILE, SILENCE_FILE])
    writeFileSync(
      join(theirs, name),
      Buffer.concat([wavHeader('pcm16', voice.byteLength), new Uint8Array(voice.buffer)]),
    )
  const order: DetectionOrder = { directory, isListening, maxDetections: CALLS }
  try {
    const load = { script: 'detection-exchange.ts', order, directory: theirs, calls: CALLS, holdMs: HOLD_MS }
    const loaded = await underLoad<DetectionReport>(load)
    if (loaded.failed > 0) throw new Error(`${loaded.failed} calls have failed`)
    return loaded
  } finally {
    for (const folder of [directory, theirs]) rmSync(folder, { recursive: true })
  }
}

function print(what: string, loaded: Loaded<DetectionReport>): void {
  console.log(`${CALLS} calls, ${what}: ${latenessOf(loaded)}; CPU ${(loaded.report.cpuMs / 1000).toFixed(1)} s`)
}

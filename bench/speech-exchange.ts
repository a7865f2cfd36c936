// The exchange of bench/speech.ts, in a process of its own: all who call hear a prompt, or all at the same moment a sentence
// that nobody has heard before. It says how long each of them waited for it.

import { inbound, type SpeechEngine } from '../dist/index.js'
import { PROMPT_FILE } from '../dist/server/bench/subject-apps.js'
import { ThreadEngine } from '../dist/speech/index.js'
import { type Counters, reportWhenAsked, SetUp, serverUnderLoad } from './under-load.ts'

/** How it is started, as JSON in the first argument. */
export interface SpeechOrder {
  readonly directory: string
  /** How many calls are waited for before anybody speaks. */
  readonly calls: number
  readonly says: 'prompt' | 'sentences'
}

/** What it says when the calls are over. */
export interface SpeechReport {
  /** From `say` until the sentence was there, in ms. */
  readonly waitedMs: readonly number[]
  readonly mostWaiting: number
  readonly cpuMs: number
  readonly counters: Counters
  readonly atSetUp: Counters
}

const order = JSON.parse(process.argv[2] as string) as SpeechOrder
const engine = new ThreadEngine({ type: 'flite' })
const asked = new Map<number, number>()
const waitedMs: number[] = []
let up = 0
let mostWaiting = 0
const setUp = new SetUp(order.calls, () => server)

/** Flite, with a look at when each sentence is there. */
const watched: SpeechEngine = {
  name: engine.name,
  version: engine.version,
  // No English, so that numbers stay as they are, and it sees which sentence it has.
  voices: [{ name: engine.defaultVoice, language: 'und' }],
  defaultVoice: engine.defaultVoice,
  language: engine.language,
  capabilities: engine.capabilities,
  async *speak(sentence, signal) {
    for await (const block of engine.speak(sentence, signal)) yield block
    const number = Number(/ (\d+) /.exec(sentence.text)?.[1])
    const since = asked.get(number)
    if (since !== undefined) waitedMs.push(performance.now() - since)
  },
  close: () => engine.close(),
}

const app = inbound(async (channel) => {
  await channel.answer()
  const number = ++up
  await setUp.join()
  if (order.says === 'prompt') await channel.filePlayer.play(PROMPT_FILE, { loop: true })
  else {
    asked.set(number, performance.now())
    const said = channel.filePlayer.say(`You are caller ${number} in the queue, please hold the line.`)
    mostWaiting = Math.max(mostWaiting, server.sizes().sentences ?? 0)
    await said
  }
  await channel.waitForIdle()
})

const server = await serverUnderLoad(order.directory, app, { speech: { engine: watched, cache: { bytes: 0 } } })
if (order.says === 'sentences') await warmUp()
reportWhenAsked(server, (cpuMs): SpeechReport => {
  return { waitedMs, mostWaiting, cpuMs, counters: server.counters(), atSetUp: setUp.counters }
})

async function warmUp(): Promise<void> {
  for await (const _ of engine.speak(
    { text: 'Hello.', voice: 'rms', rate: 1, sampleRateHz: 8000 },
    new AbortController().signal,
  ));
}

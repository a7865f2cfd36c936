// The exchange of bench/speech.ts, in a process of its own: all who call hear a prompt, or all at the same moment a sentence
// that nobody has heard before. It says how long each of them waited for it.

import { inbound, type SpeechEngine } from '../dist/index.js'
import { SUBJECT_PORTS } from '../dist/server/bench/plan.js'
import { LOOPBACK, serverOf } from '../dist/server/bench/server-config.js'
import { PROMPT_FILE } from '../dist/server/bench/subject-apps.js'
import { startServer } from '../dist/server/main.js'
import { ThreadEngine } from '../dist/speech/index.js'
import { reportWhenAsked } from './under-load.ts'

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
  readonly counters: Readonly<Record<string, number>>
}

const order = JSON.parse(process.argv[2] as string) as SpeechOrder
const engine = new ThreadEngine({ type: 'flite' })
const asked = new Map<number, number>()
const waitedMs: number[] = []
let up = 0
let mostWaiting = 0
let allUp: () => void = () => {}
const gathered = new Promise<void>((resolve) => {
  allUp = resolve
})

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
  if (up === order.calls) allUp()
  await gathered
  if (order.says === 'prompt') await channel.filePlayer.play(PROMPT_FILE, { loop: true })
  else {
    asked.set(number, performance.now())
    const said = channel.filePlayer.say(`You are caller ${number} in the queue, please hold the line.`)
    mostWaiting = Math.max(mostWaiting, server.sizes().sentences ?? 0)
    await said
  }
  await channel.waitForIdle()
})

const server = await startServer({
  ...serverOf({
    address: LOOPBACK,
    port: 0,
    portRange: SUBJECT_PORTS,
    directory: order.directory,
    services: [{ name: 'calls', match: '*', app }],
    extraChannels: 0,
  }),
  speech: { engine: watched, cache: { bytes: 0 } },
})
if (order.says === 'sentences') await warmUp()
reportWhenAsked(server, (cpuMs): SpeechReport => ({ waitedMs, mostWaiting, cpuMs, counters: server.counters() }))

async function warmUp(): Promise<void> {
  for await (const _ of engine.speak(
    { text: 'Hello.', voice: 'rms', rate: 1, sampleRateHz: 8000 },
    new AbortController().signal,
  ));
}

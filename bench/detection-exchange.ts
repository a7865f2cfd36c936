// The exchange of bench/detection.ts, in a process of its own.

import { inbound } from '../dist/index.js'
import { PROMPT_FILE } from '../dist/server/bench/subject-apps.js'
import { type Counters, reportWhenAsked, SetUp, serverUnderLoad } from './under-load.ts'

/** How it is started, as JSON in the first argument. */
export interface DetectionOrder {
  readonly directory: string
  /** Whether far ends are listened to. */
  readonly isListening: boolean
  readonly maxDetections: number
}

/** What it says when the calls are over. */
export interface DetectionReport {
  readonly cpuMs: number
  readonly mostDetections: number
  /** Seconds of sound in all detections together. */
  readonly listenedS: number
  readonly counters: Counters
  readonly atSetUp: Counters
}

const order = JSON.parse(process.argv[2] as string) as DetectionOrder
let mostDetections = 0
let listenedMs = 0
const setUp = new SetUp(order.maxDetections, () => server)

const app = inbound(async (channel) => {
  await channel.answer()
  void setUp.join()
  const begun = performance.now()
  // Nobody is silent for so long: it listens until the call is over.
  if (order.isListening) void channel.waitForAnswerMachine({ timeoutMs: 120_000, noBeepSilenceMs: 100_000 })
  await channel.filePlayer.play(PROMPT_FILE, { loop: true })
  listenedMs += performance.now() - begun
})

const server = await serverUnderLoad(order.directory, app, { lsd: { maxDetections: order.maxDetections } })
setInterval(() => {
  mostDetections = Math.max(mostDetections, server.sizes().detections ?? 0)
}, 500).unref()
reportWhenAsked(server, (cpuMs): DetectionReport => {
  const counters = server.counters()
  return { cpuMs, mostDetections, listenedS: listenedMs / 1000, counters, atSetUp: setUp.counters }
})

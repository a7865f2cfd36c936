// The exchange of bench/detection.ts, in a process of its own.

import { inbound } from '../dist/index.js'
import { SUBJECT_PORTS } from '../dist/server/bench/plan.js'
import { LOOPBACK, serverOf } from '../dist/server/bench/server-config.js'
import { PROMPT_FILE } from '../dist/server/bench/subject-apps.js'
import { startServer } from '../dist/server/main.js'
import { reportWhenAsked } from './under-load.ts'

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
  readonly counters: Readonly<Record<string, number>>
}

const order = JSON.parse(process.argv[2] as string) as DetectionOrder
let mostDetections = 0
let listenedMs = 0

const app = inbound(async (channel) => {
  await channel.answer()
  const begun = performance.now()
  // Nobody is silent for so long: it listens until the call is over.
  if (order.isListening) void channel.waitForAnswerMachine({ timeoutMs: 120_000, noBeepSilenceMs: 100_000 })
  await channel.filePlayer.play(PROMPT_FILE, { loop: true })
  listenedMs += performance.now() - begun
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
  lsd: { maxDetections: order.maxDetections },
})
setInterval(() => {
  mostDetections = Math.max(mostDetections, server.sizes().detections ?? 0)
}, 500).unref()
reportWhenAsked(server, (cpuMs): DetectionReport => {
  return { cpuMs, mostDetections, listenedS: listenedMs / 1000, counters: server.counters() }
})

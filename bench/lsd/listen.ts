import type { CallListener, CallSignal, Detector, Outcome, Transcript } from './detectors/detector.ts'
import { playOut } from './playout.ts'
import type { RenderedCall } from './render/render.ts'
import { PER_MS } from './render/sound.ts'
import type { Truth } from './render/truth.ts'

/** What a detector said, and when, in media time: at the end of the frame after which it said so. */
export type HeardOutcome = Outcome & { readonly atMs: number }

export interface Hearing {
  readonly outcomes: readonly HeardOutcome[]
  readonly cpuMs: number
  readonly audioMs: number
}

const FRAME_MS = 20

/** Lets a detector hear a call from its first packet to its last. */
export function listenTo({ truth, packets }: RenderedCall, detector: Detector, timeoutMs: number): Hearing {
  const { samples, isWhole } = playOut(packets, truth.endMs)
  const frame = new Int16Array(FRAME_MS * PER_MS)
  const outcomes: HeardOutcome[] = []
  const start = process.cpuUsage()
  const listener = detector.listen({ timeoutMs, transcript: transcriptOf(truth) })
  const signals = signalsOf(truth)
  for (const [n, isThere] of isWhole.entries()) {
    const atMs = n * FRAME_MS
    while (signals[0] !== undefined && signals[0].atMs <= atMs) listener.signal(signals.shift()!)
    if (isThere) {
      frame.set(samples.subarray(atMs * PER_MS, (atMs + FRAME_MS) * PER_MS))
      listener.hear(frame, atMs)
    } else listener.missing(FRAME_MS, atMs)
    drain(listener, atMs + FRAME_MS, outcomes)
  }
  const { user, system } = process.cpuUsage(start)
  return { outcomes, cpuMs: (user + system) / 1000, audioMs: isWhole.length * FRAME_MS }
}

function drain(listener: CallListener, atMs: number, into: HeardOutcome[]): void {
  for (let outcome = listener.poll(); outcome !== undefined; outcome = listener.poll()) into.push({ ...outcome, atMs })
}

/** What detectors are told beside the sound. */
export function signalsOf({ answeredAtMs, channel }: Truth): CallSignal[] {
  return [
    { type: 'answered', atMs: answeredAtMs },
    ...(channel.isSourceChangedAtAnswer ? [{ type: 'sourceChanged', atMs: answeredAtMs } as const] : []),
    ...(channel.echo === undefined ? [] : promptSignals(answeredAtMs + channel.echo.afterMs, channel.echo.lengthMs)),
  ]
}

function promptSignals(startMs: number, lengthMs: number): CallSignal[] {
  return [
    { type: 'promptStarted', atMs: startMs },
    { type: 'promptEnded', atMs: startMs + lengthMs },
  ]
}

/** Words come evenly while something is said. */
function transcriptOf({ speech, words, answeredAtMs }: Truth): Transcript {
  const said = speech.filter(({ startMs }) => startMs >= answeredAtMs)
  const wholeMs = said.reduce((sum, { startMs, endMs }) => sum + endMs - startMs, 0)
  return (untilMs) => {
    const heardMs = said.reduce((sum, { startMs, endMs }) => sum + Math.max(0, Math.min(endMs, untilMs) - startMs), 0)
    return wholeMs === 0 ? 0 : Math.floor((words * heardMs) / wholeMs + 1e-9)
  }
}

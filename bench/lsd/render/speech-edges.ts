import { levelOf } from './sound.ts'
import type { Span } from './truth.ts'

const FRAME = 80
const FRAME_MS = 10
const BELOW_LOUD_DB = 24
const ABOVE_SOFT_DB = 8
const FILLED_PAUSE_MS = 250
const LEAST_SOUND_MS = 50
/** Raised when what is found changes, so that nobody goes on with what was found before. */
export const SPEECH_EDGES_VERSION = 2
/** A click so far away from everything else is no word. */
const LONELY_MS = 600

export interface SpeechFacts {
  /** Where it is spoken: pauses of up to 250 ms belong to it. */
  readonly spans: readonly Span[]
  /** Of what is spoken. */
  readonly levelDbm0: number
}

/**
 * Where somebody speaks in a recording that holds nothing else but its own noise: what is less than 24 dB below the loud
 * parts of it and 8 dB above the soft ones.
 */
export function findSpeech(samples: Int16Array): SpeechFacts {
  const levels: number[] = []
  for (let at = 0; at + FRAME <= samples.length; at += FRAME) levels.push(levelOf(samples, at, at + FRAME))
  const sorted = [...levels].sort((a, b) => a - b)
  const loud = sorted[Math.floor(sorted.length * 0.95)] ?? -100
  const soft = sorted[Math.floor(sorted.length * 0.08)] ?? -100
  const least = Math.max(loud - BELOW_LOUD_DB, Math.min(soft + ABOVE_SOFT_DB, loud - 8))
  const spans: { startMs: number; endMs: number }[] = []
  for (const [i, level] of levels.entries()) {
    if (level <= least || level <= -70) continue
    const last = spans.at(-1)
    if (last !== undefined && i * FRAME_MS - last.endMs <= FILLED_PAUSE_MS) last.endMs = (i + 1) * FRAME_MS
    else spans.push({ startMs: i * FRAME_MS, endMs: (i + 1) * FRAME_MS })
  }
  const words = spans.filter(({ startMs, endMs }, n) => {
    const before = startMs - (spans[n - 1]?.endMs ?? Number.NEGATIVE_INFINITY)
    const after = (spans[n + 1]?.startMs ?? Number.POSITIVE_INFINITY) - endMs
    const lengthMs = endMs - startMs
    return lengthMs >= 3 * LEAST_SOUND_MS || (lengthMs >= LEAST_SOUND_MS && Math.min(before, after) < LONELY_MS)
  })
  let [sum, count] = [0, 0]
  for (const { startMs, endMs } of words) {
    for (let i = startMs * 8; i < endMs * 8; i++) sum += samples[i]! * samples[i]!
    count += (endMs - startMs) * 8
  }
  return { spans: words, levelDbm0: count === 0 ? -100 : levelOf([Math.sqrt(sum / count)]) }
}

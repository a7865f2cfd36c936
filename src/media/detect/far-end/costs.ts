import type { SpeechTimeline } from './speech-timeline.ts'

/**
 * What a portion of speech says of who speaks, as the logarithm of a likelihood ratio (nats, above 0 for a machine), and
 * how long one waits for more before one believes it.
 *
 * People who pick up say a word or a sentence, and listen. Machines go on: past what a sentence lasts, or again after a
 * pause that is too short for somebody who waits for an answer.
 */

/** By how long is spoken without a pause in which somebody would listen. */
export function monologueWeight(spokenMs: number): number {
  return along(MONOLOGUE, spokenMs)
}

/** By how the speech is divided. */
export function rhythmWeight({ utterances, firstMs, longestPauseMs }: SpeechTimeline, lastMs: number): number {
  if (utterances < 2 || lastMs < RESUMED_MS) return 0
  // "Hello? ... Hello?"
  const isRepeated = utterances === 2 && firstMs < GREETING_MS
  if (isRepeated && longestPauseMs > 500) return 0
  return Math.min((utterances - 1) * (isRepeated ? 0.3 : 0.8), MOST_RHYTHM)
}

/** After how much quiet somebody who has said so much listens. */
export function listensAfterMs(spokenMs: number): number {
  return along(LISTENS_AFTER, spokenMs)
}

/** A table of points, straight lines between them, and what its ends say beyond. */
function along(points: readonly (readonly [x: number, y: number])[], x: number): number {
  let [beforeX, beforeY] = points[0]!
  for (const [nextX, nextY] of points) {
    if (x < nextX) return x <= beforeX ? beforeY : beforeY + ((x - beforeX) / (nextX - beforeX)) * (nextY - beforeY)
    beforeX = nextX
    beforeY = nextY
  }
  return beforeY
}

/** ms of speech, nats. */
const MONOLOGUE: readonly (readonly [number, number])[] = [
  [1500, -0.5],
  [2500, 0.5],
  [4000, 2],
  [5000, 3],
  [7000, 5],
]
/** ms of speech, ms of quiet. */
const LISTENS_AFTER: readonly (readonly [number, number])[] = [
  [400, 400],
  [900, 480],
  [1400, 560],
  [2000, 750],
  [3000, 900],
  [5000, 1200],
]
const RESUMED_MS = 300
const GREETING_MS = 1000
const MOST_RHYTHM = 3

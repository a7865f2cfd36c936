import type { SpeechTimeline } from './speech-timeline.ts'

/**
 * What a portion of speech says of who speaks, as the logarithm of a likelihood ratio (nats, above 0 for a machine), and
 * how long one waits for more before one believes it.
 *
 * People who pick up say a word or a sentence, and listen. Machines go on: past what a sentence lasts, or again after a
 * pause that is too short for somebody who waits for an answer.
 */

/** By how long somebody has spoken, pauses included, and still speaks. */
export function monologueWeight(sinceFirstWordMs: number): number {
  return along(MONOLOGUE, sinceFirstWordMs)
}

/**
 * By how the speech is divided: whoever has said a sentence and stops waits for an answer; whoever goes on then is no person
 * who has picked up. A word or two before the pause say little: "hello? ... hello?".
 */
export function rhythmWeight({ utterances, firstMs, longestPauseMs }: SpeechTimeline, lastMs: number): number {
  if (utterances < 2 || lastMs < RESUMED_MS) return 0
  return Math.max(0, along(RESUMED, firstMs) + along(PAUSE, longestPauseMs))
}

/** After how much quiet somebody who has said so much listens. */
export function listensAfterMs(spokenMs: number): number {
  return along(LISTENS_AFTER, spokenMs)
}

/** How much longer one waits where the pause is not quiet: it may be music, of which the speech was a part. */
export function loudPausePatience(pauseShare: number): number {
  return along(LOUD_PAUSE, pauseShare)
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

/** ms, nats. */
const MONOLOGUE: readonly (readonly [number, number])[] = [
  [3800, 0],
  [4600, 1],
  [5100, 2.3],
  [6500, 3.5],
]
/** ms of the first utterance, nats. */
const RESUMED: readonly (readonly [number, number])[] = [
  [500, 0],
  [1200, 1.2],
  [1600, 1.5],
  [2000, 1.7],
  [3000, 2],
]
/** ms of the longest pause, nats: people breathe, and look for a word. */
const PAUSE: readonly (readonly [number, number])[] = [
  [200, -0.4],
  [260, 0],
  [400, 0.5],
  [600, 1.2],
]
/** ms of speech, ms of quiet. */
const LISTENS_AFTER: readonly (readonly [number, number])[] = [
  [400, 480],
  [900, 560],
  [1400, 640],
  [2000, 720],
  [3000, 800],
  [5000, 950],
]
/** A share of power, a factor. */
const LOUD_PAUSE: readonly (readonly [number, number])[] = [
  [0.08, 1],
  [0.3, 3],
  [0.5, 8],
]
/** Of the utterance after the pause. */
const RESUMED_MS = 300

import type { SpeechTimeline } from './speech-timeline.ts'

/**
 * What a portion of speech says of who speaks, as the logarithm of a likelihood ratio (nats, above 0 for a machine), and
 * how long one waits for more before one believes it.
 *
 * People who pick up say a word or a sentence, and listen. Machines go on: past what a sentence lasts, or again after a
 * pause that is too short for somebody who waits for an answer. The figures are counts of how many machines and how many
 * people still speak by then, of the train and dev splits of the benchmark in its mix, and lie below all that were counted
 * with one collection of people left out.
 */

/** By how long somebody has spoken, pauses included, and still speaks. */
export function monologueWeight(sinceFirstWordMs: number): number {
  return along(MONOLOGUE, sinceFirstWordMs)
}

/**
 * By how the speech is divided: whoever lets the voice fall after a long sentence, and goes on after a short pause, reads a
 * greeting; whoever holds it takes breath, or looks for a word.
 */
export function rhythmWeight({ utterances, firstMs, deepestFallDb }: SpeechTimeline, lastMs: number): number {
  const isRead = utterances > 1 && firstMs >= SENTENCE_MS && deepestFallDb <= FALLEN_DB && lastMs >= RESUMED_MS
  return isRead ? FALLEN_AFTER_SENTENCE : HELD
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
  [0, 0],
  [1500, 1],
  [2500, 1.2],
  [3000, 1.5],
  [3500, 1.9],
  [4000, 2.2],
  [4500, 2.9],
  [5000, 3.7],
  [5500, 4.7],
  [6500, 6.7],
]
const HELD = -0.4
const FALLEN_AFTER_SENTENCE = 2.4
const SENTENCE_MS = 2000
const FALLEN_DB = -4
/** ms of speech, ms of quiet. */
const LISTENS_AFTER: readonly (readonly [number, number])[] = [
  [400, 480],
  [600, 520],
  [800, 640],
  [1000, 700],
  [1300, 740],
  [1600, 960],
  [2000, 1150],
  [3000, 1400],
  [5000, 1600],
]
/** A share of power, a factor. */
const LOUD_PAUSE: readonly (readonly [number, number])[] = [
  [0.08, 1],
  [0.3, 3],
  [0.5, 8],
]
/** Of the utterance after the pause. */
const RESUMED_MS = 300

import type { Instant } from '../../../kit/index.ts'
import { energyAtLevel } from '../../dsp/level.ts'
import { SoundEdges } from '../sound-edges.ts'

/**
 * Finds a word that the voice activity detector did not take for one, being muffled, hoarse or torn by a codec: a sound as
 * long as words are, out of quiet and into quiet, that is no tone. It is known some time after it has ended only, by when
 * music and noise have gone on.
 */
export class LoneSound {
  startedAtMs: Instant = 0
  endedAtMs: Instant = 0
  readonly #edges = new SoundEdges(energyAtLevel(LEAST_DBM0, 1))
  /** Of the sound in progress: frames, and those of them that were a tone or speech that is known already. */
  #frames = 0
  #others = 0
  #isWaiting = false
  #soundedAtMs = Number.NEGATIVE_INFINITY
  #isLone = false

  /**
   * @param power per sample, of the frame of 20 ms that began at `atMs`
   * @param isOther it is a tone, or speech that is known already
   * @returns whether there was such a sound, now that it has been quiet for long enough
   */
  hear(power: number, atMs: Instant, isOther: boolean): boolean {
    const edge = this.#edges.hear(power, atMs, FRAME_MS)
    if (edge === 'begins') this.#begin(atMs)
    if (this.#edges.isSounding) {
      this.#frames++
      if (isOther) this.#others++
      this.#soundedAtMs = atMs + FRAME_MS
    }
    if (edge === 'ends') this.#end()
    if (!this.#isWaiting || atMs + FRAME_MS - this.endedAtMs < QUIET_MS) return false
    this.#isWaiting = false
    return true
  }

  miss(): void {
    this.#edges.miss(FRAME_MS)
  }

  #begin(atMs: Instant): void {
    this.#isLone = atMs - this.#soundedAtMs >= QUIET_MS
    this.#isWaiting = false
    this.#frames = 0
    this.#others = 0
  }

  #end(): void {
    const lengthMs = this.#edges.endedAtMs - this.#edges.beganAtMs
    this.startedAtMs = this.#edges.startsAtMs
    this.endedAtMs = this.#edges.endedAtMs
    this.#isWaiting =
      this.#isLone && lengthMs >= SHORTEST_MS && lengthMs <= LONGEST_MS && this.#others < MOST_OTHERS * this.#frames
  }
}

const FRAME_MS = 20
const LEAST_DBM0 = -35
const QUIET_MS = 700
const SHORTEST_MS = 160
const LONGEST_MS = 2000
const MOST_OTHERS = 0.3

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
  /** Per sample. */
  power = 0
  readonly #edges = new SoundEdges(energyAtLevel(LEAST_DBM0, 1))
  /** Of the sound in progress: frames, and those of them that were a tone or speech that is known already. */
  #frames = 0
  #others = 0
  #isWaiting = false
  #soundedAtMs: Instant | undefined
  #isLone = false

  /** There has been such a sound, which may turn out to be something else. */
  hasHeard = false

  /**
   * @param power per sample, of the frame of 20 ms that began at `atMs`
   * @param isOther it is a tone, or speech that is known already
   * @returns whether there was such a sound, now that it has been quiet for long enough
   */
  hear(power: number, atMs: Instant, isOther: boolean): boolean {
    // Out of quiet means that quiet was heard first.
    this.#soundedAtMs ??= atMs + BEFORE_MS - QUIET_MS
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

  /** Sounds that follow one another closely are syllables of one word. */
  #begin(atMs: Instant): void {
    this.#isWaiting = false
    const quietMs = atMs - this.#soundedAtMs!
    if (quietMs < SYLLABLE_MS) return
    this.#isLone = quietMs >= QUIET_MS
    this.#frames = 0
    this.#others = 0
    this.startedAtMs = this.#edges.beganAtMs
  }

  #end(): void {
    this.endedAtMs = this.#edges.endedAtMs
    this.power = this.#edges.power
    const lengthMs = this.endedAtMs - this.startedAtMs
    const isWord = lengthMs >= SHORTEST_MS && lengthMs <= LONGEST_MS && this.#others < MOST_OTHERS * this.#frames
    this.#isWaiting = this.#isLone && isWord
    if (this.#isWaiting) this.hasHeard = true
  }
}

const FRAME_MS = 20
const LEAST_DBM0 = -35
const QUIET_MS = 700
const BEFORE_MS = 100
const SYLLABLE_MS = 250
const SHORTEST_MS = 160
const LONGEST_MS = 2000
const MOST_OTHERS = 0.3

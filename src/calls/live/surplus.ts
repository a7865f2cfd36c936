import { codecNamed, levelDbm0 } from '../../media/index.ts'
import type { LiveFormat, LiveSamples } from './live-format.ts'

/**
 * Finds what lies in a queue for no good. Whoever speaks as time passes, a block for each 20 ms, is late now and then: a gap is
 * played, and everything after it is later by as much, for ever. So where as much is written as is played, and the queue is
 * never shorter than so much, pauses are cut by what is more than a packet of it. One who writes ahead is left alone, for his
 * queue is no lateness: who writes faster than is played, as speech engines do, who waits until he may write more, or who asks
 * how far it was played.
 */
export class Surplus {
  readonly #encoding: LiveFormat['encoding']
  readonly #windowSamples: number
  readonly #slackSamples: number
  #endAtStart = 0
  #playedAtStart = 0
  #shortest = Number.POSITIVE_INFINITY
  #surplus = 0
  #isAhead = false

  constructor({ encoding, sampleRateHz }: LiveFormat) {
    this.#encoding = encoding
    this.#windowSamples = (WINDOW_MS * sampleRateHz) / 1000
    this.#slackSamples = (SLACK_MS * sampleRateHz) / 1000
  }

  /**
   * Whether a block is to be left out.
   * @param end position behind all that was written
   * @param played how far it was played
   */
  takes(samples: LiveSamples, end: number, played: number): boolean {
    this.#shortest = Math.min(this.#shortest, (end - played) | 0)
    const written = (end - this.#endAtStart) | 0
    if (written >= this.#windowSamples) {
      const advanced = (played - this.#playedAtStart) | 0
      const keepsPace = Math.abs(written - advanced) <= written / 4
      this.#surplus = keepsPace && !this.#isAhead ? this.#shortest - this.#slackSamples : 0
      this.#endAtStart = end
      this.#playedAtStart = played
      this.#shortest = Number.POSITIVE_INFINITY
      this.#isAhead = false
    }
    if (samples.length > this.#surplus || !this.#isSilent(samples)) return false
    this.#surplus -= samples.length
    return true
  }

  /** The writer knows how far it was played: what it writes now is meant to wait. */
  isAhead(): void {
    this.#isAhead = true
    this.#surplus = 0
  }

  /** What waits was cleared. */
  reset(): void {
    this.#surplus = 0
    this.#shortest = 0
  }

  #isSilent(samples: LiveSamples): boolean {
    if (samples instanceof Int16Array) return levelDbm0(samples) < SILENT_DBM0
    const decoded = new Int16Array(samples.length)
    codecNamed(this.#encoding === 'pcma' ? 'PCMA' : 'PCMU').decodeInto(samples, 0, samples.length, decoded, 0)
    return levelDbm0(decoded) < SILENT_DBM0
  }
}

const WINDOW_MS = 1000
/** Who writes in time has a packet in the queue when the next comes a little late. */
const SLACK_MS = 20
const SILENT_DBM0 = -45

/**
 * What a special information tone says. North American networks tell four things and more by the pitch and length of
 * its first two segments (Telcordia GR-1162); `unspecified` is the plain tone of ITU-T E.180 section 8.
 */
export type SpecialInformation = 'intercept' | 'vacantCode' | 'reorder' | 'noCircuit' | 'ineffective' | 'unspecified'

/**
 * Hears the three rising segments of a special information tone, one after the other, each 200 to 450 ms long, the first two
 * perhaps less where something of them was lost. It is told
 * the frequency of every look at the sound, and says what was heard once the third segment has lasted long enough.
 */
export class SpecialInformationTone {
  /** The segment that sounds, 1..3; 0: none. */
  #segment = 0
  #sinceMs = 0
  /** Of each segment: its length, and its frequency summed over so many looks. */
  readonly #lengthMs = new Float64Array(4)
  readonly #sumHz = new Float64Array(4)
  readonly #looks = new Float64Array(4)
  /** When a segment was last heard. */
  #heardAtMs = 0

  /** When the tone began that was recognised last. */
  startedAtMs = 0

  #reset(): void {
    this.#segment = 0
  }

  /**
   * @param hz the one frequency that sounds; 0 when there is none
   * @param atMs the middle of what was looked at
   * @param soundSinceMs when the sound began in which it is
   * @returns what the tone says, once it is recognised
   */
  hear(hz: number, atMs: number, soundSinceMs: number): SpecialInformation | undefined {
    const segment = segmentOf(hz)
    if (atMs - this.#heardAtMs > MAX_GAP_MS) this.#reset()
    if (segment === 0) return undefined
    if (segment === 1 && this.#segment !== 1) this.#begin(1, Math.max(soundSinceMs, atMs - WINDOW_MS / 2))
    else if (segment === this.#segment + 1) {
      const fromMs = soundSinceMs > this.#heardAtMs ? soundSinceMs : atMs - FRAME_MS / 2
      if (!this.#end(fromMs)) return undefined
      this.#begin(segment, fromMs)
    } else if (segment !== this.#segment) return undefined
    this.#heardAtMs = atMs
    this.#sumHz[segment] = this.#sumHz[segment]! + hz
    this.#looks[segment] = this.#looks[segment]! + 1
    if (atMs - this.#sinceMs > MAX_SEGMENT_MS) this.#reset()
    if (segment < 3 || atMs - this.#sinceMs < MIN_LAST_SEGMENT_MS) return undefined
    this.#reset()
    return this.#meaning()
  }

  #begin(segment: number, atMs: number): void {
    if (segment === 1) this.startedAtMs = atMs
    this.#segment = segment
    this.#sinceMs = atMs
    this.#sumHz[segment] = 0
    this.#looks[segment] = 0
  }

  /** Whether the segment was as long as one is. */
  #end(atMs: number): boolean {
    const lengthMs = atMs - this.#sinceMs
    this.#lengthMs[this.#segment] = lengthMs
    const isRight = lengthMs >= MIN_CUT_SEGMENT_MS && lengthMs <= MAX_SEGMENT_MS
    if (!isRight) this.#reset()
    return isRight
  }

  #meaning(): SpecialInformation {
    const first = levelOf(this.#sumHz[1]! / this.#looks[1]!, 913.8, 985.2)
    const second = levelOf(this.#sumHz[2]! / this.#looks[2]!, 1370.6, 1428.5)
    if (first === '?' || second === '?') return 'unspecified'
    if (Math.abs(this.#sumHz[3]! / this.#looks[3]! - 1776.7) > MAX_OFF_HZ) return 'unspecified'
    const lengths = `${this.#lengthMs[1]! < SHORT_MS ? 'S' : 'L'}${this.#lengthMs[2]! < SHORT_MS ? 'S' : 'L'}`
    return MEANINGS[`${first}${second}${lengths}`] ?? 'unspecified'
  }
}

/** Low or high, and short or long, of the first two segments. */
const MEANINGS: Readonly<Record<string, SpecialInformation>> = {
  LLSS: 'intercept',
  HLLS: 'vacantCode',
  LHSL: 'reorder',
  HLSL: 'reorder',
  HHLL: 'noCircuit',
  LLLL: 'noCircuit',
  LHLS: 'ineffective',
}

/** ITU-T E.180 section 8 allows each segment 50 Hz, and 70 ms of its 330. */
function segmentOf(hz: number): 0 | 1 | 2 | 3 {
  if (Math.abs(hz - 950) <= 55) return 1
  if (Math.abs(hz - 1400) <= 55) return 2
  return Math.abs(hz - 1800) <= 55 ? 3 : 0
}

function levelOf(hz: number, low: number, high: number): 'L' | 'H' | '?' {
  if (Math.abs(hz - low) <= MAX_OFF_HZ) return 'L'
  return Math.abs(hz - high) <= MAX_OFF_HZ ? 'H' : '?'
}

const FRAME_MS = 20
const WINDOW_MS = 64
/** Telcordia's segments keep to 0.2 %; the plain tone lies 28 Hz and more away from each of them in the first two segments. */
const MAX_OFF_HZ = 12
/** After two others: the shortest lasts 260 ms, of which packets may be lost. */
const MIN_LAST_SEGMENT_MS = 150
const MAX_SEGMENT_MS = 450
/** Of the first two: what is heard from the answer on may begin within one, and packets may be lost. No other three tones rise like these. */
const MIN_CUT_SEGMENT_MS = 100
/** Between the 274 and the 380 ms of Telcordia. */
const SHORT_MS = 327
/** A gap of up to 30 ms between segments or a packet that was lost, and the look that has to be filled after it. */
const MAX_GAP_MS = 200

/** What a frame has done to the sound that is followed. */
export type Edge = 'none' | 'begins' | 'ends'

/**
 * Tells sound from pause, frame by frame of 20 ms, and knows to a few milliseconds when each sound began and ended: a
 * frame that has a third of the energy of the sound is a third sound. Thresholds follow the levels that are heard. What
 * was lost on the way belongs half to what was before it and half to what comes after.
 */
export class SoundEdges {
  /** The sound in progress, or the last one. */
  beganAtMs = 0
  endedAtMs = 0
  /** Its power, per sample: that of its loudest frame. */
  power = 0
  isSounding = false
  /** Whole frames since the sound began, or since something was lost in it. */
  wholeFrames = 0
  readonly #leastPower: number
  /** Power of the pause. */
  #floor = 0
  #firstPower = 0
  /** Of the last frame that was not soft, and the soft ones since then. */
  #lastPower = 0
  #fallenFrames = 0
  #fallenPower = 0
  #isLostInFall = false
  /** Of the frames of the sound, the last that was so much louder than those before it. */
  #bangAt = 1
  #lostMs = 0

  /** @param leastPower per sample: what is softer is no sound */
  constructor(leastPower: number) {
    this.#leastPower = leastPower
  }

  /** A frame was lost. */
  miss(frameMs: number): void {
    this.#lostMs += frameMs
    this.wholeFrames = 0
    this.#isLostInFall = this.#fallenFrames > 0
    this.#bangAt = -BANG_FRAMES
  }

  /** @param power per sample, of the frame that began at `atMs` and lasted `frameMs` */
  hear(power: number, atMs: number, frameMs: number): Edge {
    const edge = this.isSounding ? this.#within(power, atMs, frameMs) : this.#outside(power, atMs)
    this.#lostMs = 0
    return edge
  }

  /** When the sound began: its first frame may be full of it only in part. */
  get startsAtMs(): number {
    const missing = 1 - this.#firstPower / this.power
    return this.beganAtMs + (missing > PARTIAL ? missing * FRAME_MS : 0)
  }

  #outside(power: number, atMs: number): Edge {
    if (power < Math.max(this.#leastPower, this.#floor * RISE)) {
      this.#floor = power < this.#floor ? power : this.#floor + (power - this.#floor) / 16
      return 'none'
    }
    this.#begin(power, atMs)
    return 'begins'
  }

  #begin(power: number, atMs: number): void {
    this.isSounding = true
    this.beganAtMs = atMs - this.#lostMs / 2
    this.power = power
    this.#lastPower = power
    this.#fallenFrames = 0
    this.#firstPower = this.#lostMs > 0 ? Number.POSITIVE_INFINITY : power
    this.wholeFrames = 1
    this.#bangAt = 1
  }

  #within(power: number, atMs: number, frameMs: number): Edge {
    if (power < this.power * FALL || power < this.#leastPower * FALL) return this.#fall(power, atMs, frameMs)
    this.#fallenFrames = 0
    // Over a noise that was taken for the sound, the sound begins.
    if (power > this.power * SWELL && this.wholeFrames > 3) {
      this.#floor = this.power
      this.#begin(power, atMs)
      return 'begins'
    }
    this.wholeFrames++
    if (power > this.power * BANG) this.#bangAt = this.wholeFrames
    this.power = Math.max(this.power, power)
    this.#lastPower = power
    return 'none'
  }

  /** Two soft frames end it: a tone that is modulated with 16 Hz is soft for one, or for one on each side of what was lost. */
  #fall(power: number, atMs: number, frameMs: number): Edge {
    this.wholeFrames++
    if (++this.#fallenFrames === 2 && this.wholeFrames - this.#bangAt < BANG_FRAMES) {
      // Codecs that have sent nothing, or something else, begin with a bang: what follows it is the sound.
      const after = Math.max(power, this.#fallenPower)
      if (after >= Math.max(this.#leastPower, this.#floor * RISE)) {
        this.power = after
        this.#lastPower = after
        this.#fallenFrames = 0
        return 'none'
      }
    }
    if (this.#fallenFrames === 1) {
      this.#fallenPower = power
      const missing = 1 - this.#lastPower / this.power
      if (this.#lostMs > 0) this.endedAtMs = atMs - this.#lostMs / 2
      else this.endedAtMs = atMs + (frameMs * power) / this.power - (missing > PARTIAL ? missing * frameMs : 0)
      this.#isLostInFall = false
      return 'none'
    }
    if (this.#isLostInFall && this.#fallenFrames === 2) return 'none'
    this.#floor = power
    this.isSounding = false
    return 'ends'
  }
}

const FRAME_MS = 20
/** 10 dB down, the sound is over. */
const FALL = 0.1
/** 6 dB above the pause, a sound begins. */
export const RISE: number = 10 ** 0.6
/** 4 dB above all of the sound before it. */
const BANG = 2.5
const BANG_FRAMES = 6
const SWELL = 10 ** 0.9
/** Two tones that beat make frames differ by less. */
const PARTIAL = 0.4

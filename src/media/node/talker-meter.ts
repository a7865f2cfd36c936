import { energyAtLevel } from '../dsp/level.ts'
import { MIXER_FRAME } from './mixer.ts'

/**
 * Tells from the energy of his frames whether somebody talks, and how loud. He does from 60 ms above -40 dBm0 within a
 * look, which is 200 ms, until nothing of three looks is above -46 dBm0: a click is no talk, and the pause between two
 * sentences is no end of it. The level is that of the frames that were loud.
 */
export class TalkerMeter {
  /** What was said last. */
  levelDbm0 = SILENCE_DBM0
  #isTalking = false
  #energy = 0
  #loudFrames = 0
  #quietLooks = 0

  get isTalking(): boolean {
    return this.#isTalking
  }

  /** @param length samples in the frame of 20 ms: 160 or 320 */
  hear(energy: number, length: number): void {
    const alike = energy * (MIXER_FRAME / length)
    if (alike <= (this.#isTalking ? STILL_LOUD : LOUD)) return
    this.#energy += alike
    this.#loudFrames++
  }

  /** What is to be said after 200 ms more, if anything. */
  look(): 'began' | 'level' | 'ended' | undefined {
    const [loudFrames, level] = [this.#loudFrames, this.#level()]
    this.#energy = 0
    this.#loudFrames = 0
    if (!this.#isTalking) return loudFrames < FRAMES_TO_BEGIN ? undefined : this.#say('began', level)
    this.#quietLooks = loudFrames > 0 ? 0 : this.#quietLooks + 1
    if (this.#quietLooks === LOOKS_TO_END) {
      this.#isTalking = false
      return 'ended'
    }
    return loudFrames > 0 && Math.abs(level - this.levelDbm0) >= STEP_DB ? this.#say('level', level) : undefined
  }

  #say(what: 'began' | 'level', level: number): 'began' | 'level' {
    this.#isTalking = true
    this.#quietLooks = 0
    this.levelDbm0 = level
    return what
  }

  #level(): number {
    if (this.#energy === 0) return SILENCE_DBM0
    return Math.round(10 * Math.log10(this.#energy / (this.#loudFrames * OF_0_DBM0)))
  }
}

const OF_0_DBM0 = energyAtLevel(0, MIXER_FRAME)
const LOUD = energyAtLevel(-40, MIXER_FRAME)
const STILL_LOUD = energyAtLevel(-46, MIXER_FRAME)
const SILENCE_DBM0 = -99
const FRAMES_TO_BEGIN = 3
const LOOKS_TO_END = 3
/** What is less than that nobody would see. */
const STEP_DB = 3

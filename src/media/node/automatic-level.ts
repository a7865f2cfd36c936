import { gainOf, UNITY_GAIN } from '../dsp/amplify.ts'
import { energyAtLevel } from '../dsp/level.ts'

/**
 * Brings whoever talks softly or loudly nearer to the others. Talk from -26 to -14 dBm0 is left as it is; what is beyond comes
 * up to 9 dB nearer, within seconds: sooner down than up. It hears the level of talk only, so a pause does not bring up its noise.
 */
export class AutomaticLevel {
  /** As {@link UNITY_GAIN} counts. */
  gain = UNITY_GAIN
  #decibels = 0
  /** Of the frames of this look: in 1/16 of the power of a sample, so that the sum is a whole number that needs no object. */
  #power = 0
  #frames = 0

  /** Takes the power of a sample in the next 20 ms, rounded. */
  hear(power: number): void {
    if (power < LOUD) return
    this.#power += power >> 4
    if (++this.#frames === FRAMES_PER_LOOK) this.#look()
  }

  #look(): void {
    const levelDbm0 = 10 * Math.log10((16 * this.#power) / FRAMES_PER_LOOK / OF_0_DBM0)
    this.#power = 0
    this.#frames = 0
    const wanted = Math.max(
      -MOST_DB,
      Math.min(MOST_DB, Math.max(0, SOFT_DBM0 - levelDbm0) - Math.max(0, levelDbm0 - LOUD_DBM0)),
    )
    this.#decibels += Math.max(-DOWN_DB, Math.min(UP_DB, wanted - this.#decibels))
    this.gain = gainOf(this.#decibels)
  }
}

const OF_0_DBM0 = energyAtLevel(0, 1)
/** Softer than -42 dBm0 is the noise of a line, or an echo. */
const LOUD = Math.round(energyAtLevel(-42, 1))
const SOFT_DBM0 = -26
const LOUD_DBM0 = -14
const MOST_DB = 9
/** 200 ms of talk. */
const FRAMES_PER_LOOK = 10
const UP_DB = 0.5
const DOWN_DB = 1.5

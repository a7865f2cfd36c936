import { integerBelow, type Random, uniform } from '../../kit/index.ts'

/**
 * Something like speech, for as long as it is asked for and the same for the same random: glottal pulses whose pitch
 * rises and falls, through three formants that glide from vowel to vowel, with fricatives and pauses between.
 */
export class SyntheticSpeaker {
  readonly #random: Random
  readonly #formants = [new Resonator(), new Resonator(), new Resonator()]
  readonly #hz = [500, 1500, 2500]
  #targetHz = [500, 1500, 2500]
  #pitchHz = 120
  #targetPitchHz = 120
  #voiceHz = 120
  #phase = 0
  #kind: 'vowel' | 'fricative' | 'pause' = 'vowel'
  #left = 0
  #loudness = 0

  constructor(random: Random) {
    this.#random = random
  }

  /** Fills a frame whose length is a multiple of 5 ms. */
  speakInto(frame: Int16Array): void {
    for (let at = 0; at < frame.length; at += 40) this.#speak(frame, at)
  }

  #speak(frame: Int16Array, at: number): void {
    if (--this.#left <= 0) this.#nextSound()
    this.#pitchHz += (this.#targetPitchHz - this.#pitchHz) * 0.03
    for (const [k, formant] of this.#formants.entries()) {
      this.#hz[k] += (this.#targetHz[k] - this.#hz[k]) * 0.08
      formant.tune(this.#hz[k], 50 + 40 * k)
    }
    const loudness = { vowel: 1, fricative: 0.3, pause: 0 }[this.#kind]
    for (let i = at; i < at + 40; i++) {
      this.#loudness += (loudness - this.#loudness) / 120
      this.#phase += this.#pitchHz / 8000
      const pulse = this.#phase >= 1 ? 1 : 0
      this.#phase -= pulse
      const breath = uniform(this.#random) - 0.5
      const source = this.#kind === 'fricative' ? breath * 0.5 : pulse + breath * 0.02
      let sum = 0
      for (let k = 0; k < 3; k++) sum += this.#formants[k].filter(source) / (1 + 0.6 * k)
      frame[i] = limited(sum * this.#loudness * 12_000)
    }
  }

  #nextSound(): void {
    const random = this.#random
    const dice = uniform(random)
    this.#kind = dice < 0.65 ? 'vowel' : dice < 0.85 ? 'fricative' : 'pause'
    this.#left = 8 + integerBelow(random, 40)
    if (uniform(random) < 0.02) this.#voiceHz = 80 + 180 * uniform(random)
    this.#targetPitchHz = this.#voiceHz * (0.8 + 0.6 * uniform(random))
    this.#targetHz = [250 + 700 * uniform(random), 800 + 1400 * uniform(random), 2200 + 900 * uniform(random)]
  }
}

/** Something like music: chords of up to four notes of the scale with overtones, vibrato and decay. */
export class SyntheticBand {
  readonly #random: Random
  readonly #notes = Array.from({ length: 4 }, () => ({ hz: 0, phase: 0, level: 0, decay: 1, vibrato: 0, overtones: 1 }))
  #played = 0
  #left = 0

  constructor(random: Random) {
    this.#random = random
  }

  playInto(frame: Int16Array): void {
    if (--this.#left <= 0) this.#nextChord()
    for (let i = 0; i < frame.length; i++) {
      const sway = Math.sin((2 * Math.PI * 5 * this.#played++) / 8000)
      let sum = 0
      for (const note of this.#notes) {
        note.phase += (note.hz * (1 + note.vibrato * sway)) / 8000
        note.level *= note.decay
        for (let k = 1; k <= note.overtones && k * note.hz < 3600; k++)
          sum += (note.level / k) * Math.sin(2 * Math.PI * k * note.phase)
      }
      frame[i] = limited(sum)
    }
  }

  #nextChord(): void {
    const random = this.#random
    this.#left = 4 + integerBelow(random, 40)
    for (const note of this.#notes) {
      if (uniform(random) < 0.3) continue
      note.hz = 110 * 2 ** (integerBelow(random, 49) / 12)
      note.level = 1000 + 5000 * uniform(random)
      note.decay = uniform(random) < 0.5 ? 1 : 0.9997
      note.vibrato = uniform(random) < 0.3 ? 0.005 : 0
      note.overtones = 1 + integerBelow(random, 6)
    }
  }
}

/** A formant: two poles, so many Hz wide. */
class Resonator {
  #a1 = 0
  #a2 = 0
  #gain = 0
  #y1 = 0
  #y2 = 0

  tune(hz: number, bandwidthHz: number): void {
    const radius = Math.exp((-Math.PI * bandwidthHz) / 8000)
    this.#a1 = 2 * radius * Math.cos((2 * Math.PI * hz) / 8000)
    this.#a2 = -radius * radius
    this.#gain = 8 * (1 - radius)
  }

  filter(input: number): number {
    const output = this.#gain * input + this.#a1 * this.#y1 + this.#a2 * this.#y2
    this.#y2 = this.#y1
    this.#y1 = output
    return output
  }
}

function limited(value: number): number {
  return Math.max(-32_768, Math.min(32_767, value))
}

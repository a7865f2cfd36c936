import { PowerSpectrum } from '../dsp/power-spectrum.ts'

/** Samples of a frame at 8 kHz, 20 ms. */
const FRAME = 160
/** Samples that the spectrum is of: 32 ms tell neighbouring harmonics of most voices apart and still see them move. */
const LOOK = 256

/**
 * What tells a voice from other sound, looked at each 20 ms: it has a pitch, it is made of many frequencies, and they
 * move. Tones have a pitch, too, and do not move; nor do the notes of music for as long as they are held. Noise has none.
 *
 * Only for frames of 20 ms at 8 kHz. Nothing is allocated after construction.
 */
export class VoiceLook {
  /** It has a pitch between 69 and 400 Hz: it is like itself one period earlier. */
  isVoiced = false
  /** Nearly all of it is one or two frequencies, and none so low as those of voices. */
  isTone = false
  /** How alike it is to itself 40 ms ago, 0..1; 0 as long as the sound is too young to tell. */
  alike = 0
  readonly #samples = new Int16Array(2 * HALVED)
  readonly #halved = new Int16Array(HALVED)
  /** Of the last three looks, in turns. */
  readonly #shapes = [new Float32Array(BINS), new Float32Array(BINS), new Float32Array(BINS)]
  readonly #energies = new Float64Array(3)
  #looks = 0

  /** Takes the next frame. */
  hear(frame: Int16Array): void {
    this.#samples.copyWithin(0, FRAME)
    this.#samples.set(frame, this.#samples.length - FRAME)
  }

  /** A sound begins with the frame that was heard last. */
  begin(): void {
    this.#looks = 0
  }

  /** Judges what was heard last, once for each frame of a sound. */
  look(): void {
    spectrum.look(this.#samples, this.#samples.length - LOOK)
    this.#looks++
    this.#judgeTone()
    this.#compare()
    this.#judgePitch()
  }

  #judgeTone(): void {
    const { power } = spectrum
    let total = 0
    let first = FIRST_BIN
    for (let k = FIRST_BIN; k <= LAST_BIN; k++) {
      total += power[k]!
      if (power[k]! > power[first]!) first = k
    }
    let second = 0
    for (let k = FIRST_BIN; k <= LAST_BIN; k++)
      if (Math.abs(k - first) > LOBE + 1 && (second === 0 || power[k]! > power[second]!)) second = k
    let both = 0
    for (let k = FIRST_BIN; k <= LAST_BIN; k++)
      if (Math.abs(k - first) <= LOBE || Math.abs(k - second) <= LOBE) both += power[k]!
    this.isTone = both >= PURE * total && first >= LOWEST_TONE_BIN
  }

  /** With the look before the last: the fourth root of the power makes soft frequencies count as well as loud ones. */
  #compare(): void {
    const { power } = spectrum
    const turn = this.#looks % 3
    const shape = this.#shapes[turn]!
    let own = 0
    for (let k = 0; k < BINS; k++) {
      const amplitude = Math.sqrt(power[FIRST_BIN + k]!)
      shape[k] = Math.sqrt(amplitude)
      own += amplitude
    }
    this.#energies[turn] = own
    this.alike = 0
    // The first look sees what was before the sound.
    if (this.#looks < 4) return
    const before = (turn + 1) % 3
    const other = this.#shapes[before]!
    let product = 0
    for (let k = 0; k < BINS; k++) product += shape[k]! * other[k]!
    this.alike = product / Math.sqrt(own * this.#energies[before]! + 1)
  }

  /** By the autocorrelation, at half the sample rate and with low frequencies made soft: rumble has a pitch of its own. */
  #judgePitch(): void {
    this.#halve()
    const halved = this.#halved
    const from = HALVED - WINDOW
    let energy = 0
    for (let i = from; i < HALVED; i++) energy += halved[i]! * halved[i]!
    let earlier = 0
    for (let i = from - SHORTEST; i < HALVED - SHORTEST; i++) earlier += halved[i]! * halved[i]!
    let best = 0
    let last = 1
    let lastButOne = 1
    for (let lag = SHORTEST; lag <= LONGEST; lag++) {
      let product = 0
      for (let i = from; i < HALVED; i++) product += halved[i]! * halved[i - lag]!
      const likeness = product > 0 ? (product * product) / (energy * earlier + 1) : 0
      // A pitch is a peak: what only falls from lag 0 on is smooth, not periodic.
      if (last > lastButOne && last >= likeness && last > best) best = last
      lastButOne = last
      last = likeness
      earlier +=
        halved[from - lag - 1]! * halved[from - lag - 1]! - halved[HALVED - lag - 1]! * halved[HALVED - lag - 1]!
    }
    this.isVoiced = best > VOICED
  }

  #halve(): void {
    const samples = this.#samples
    let before = 0
    for (let i = 0; i < HALVED; i++) {
      const mean = (samples[2 * i]! + samples[2 * i + 1]!) >> 1
      this.#halved[i] = Math.max(-32_768, Math.min(32_767, mean - 0.8 * before))
      before = mean
    }
  }
}

/** One is enough for all. */
const spectrum = new PowerSpectrum(LOOK)

/** 156 to 3,750 Hz, in bins of 31.25 Hz: hum of the mains and what codecs do near 4 kHz count for nothing. */
const FIRST_BIN = 5
const LAST_BIN = 120
const BINS = LAST_BIN - FIRST_BIN + 1
/** Bins on each side of a tone that hold what is left of it under a Hann window. */
const LOBE = 2
const PURE = 0.9
/** 344 Hz: no network has so low a tone, and voices are often as pure below it. */
const LOWEST_TONE_BIN = 11

/** Periods of voices, in samples at 4 kHz: 400 to 69 Hz, and one more to see that the last is a peak. */
const SHORTEST = 9
const LONGEST = 58
/** What is compared: 32 ms. */
const WINDOW = 128
const HALVED: number = WINDOW + LONGEST + 1
/** A correlation of 0.45, squared. White and pink noise reach 0.42 one time in fifty, voices 0.55 three times in four. */
const VOICED = 0.45 ** 2

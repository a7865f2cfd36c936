import { energyAtLevel, sinePeak } from '../dsp/level.ts'
import { addressOf } from '../wasm/arena.ts'
import { KEYPAD } from './digits.ts'
import { ENERGY_OF_SINE, HOP, KEYPAD_HZ, PACKET, ROW_GAIN, type ToneBank, WINDOW } from './tone-bank.ts'

/**
 * Hears digits as tones (ITU-T Q.23) in the sound of a stream and says each once, some 40 ms after its press began.
 * It keeps to ITU-T Q.24 (the values of AT&T): frequencies within 1.5 % are taken and those 3.5 % off are not; the
 * high tone may be 4 dB louder or 8 dB softer than the low one; 0 to -25 dBm0 a tone; 40 ms are a press and 23 ms are
 * not; 40 ms of pause make two presses.
 *
 * Each 10 ms a window of 20 ms is held against the eight tones. It shows a digit when two tones, one of each group,
 * make up nearly all its energy. A press is three such windows in a row of about the same level in which both
 * phases turn as fast as the frequencies ask for: that is what voices and music do not do. A press ends with four
 * windows that do not show it. What was lost says nothing, for or against: the three windows may lie on both sides of
 * one lost packet, as long as two of them lie together.
 *
 * Only for sound at 8 kHz. Nothing is allocated after construction.
 */
export class ToneDetector {
  readonly #bank: ToneBank
  readonly #onDigit: (digit: string) => void
  /** The 10 ms heard last, then {@link #filled} samples of the next. */
  readonly #samples: Int16Array
  #filled = 0
  /** Correlation with its two tones, complex, of the last window that showed a key. */
  #lowRe = 0
  #lowIm = 0
  #highRe = 0
  #highIm = 0
  /** Windows in a row that have shown {@link #seenKey}, and how often one followed on another without a hole. */
  #seen = 0
  #pairs = 0
  #seenKey = NO_KEY
  #loudestLow = 0
  #loudestHigh = 0
  /** What both phases have turned too far since the first of them. */
  #lowTurn = 0
  #highTurn = 0
  #pressed = NO_KEY
  /** Windows in a row that did not show the key that is pressed. */
  #absent = 0
  /** Windows to leave out because sound in them was lost, and how many were left out since one was good. */
  #toSkip = 0
  #skipped = 0

  constructor(bank: ToneBank, onDigit: (digit: string) => void) {
    this.#bank = bank
    this.#onDigit = onDigit
    this.#samples = bank.open()
  }

  /** Forgets the press in progress: another stream follows. */
  reset(): void {
    this.#samples.fill(0)
    this.#filled = 0
    this.#seen = 0
    this.#toSkip = 0
    this.#pressed = NO_KEY
  }

  /** The number of the key that is down and was said, or -1. */
  get pressed(): number {
    return this.#pressed
  }

  /** A key is down that was said before this detector came. */
  set pressed(key: number) {
    this.#pressed = key
  }

  /** Whether a key is down that was said. */
  get isPressed(): boolean {
    return this.#pressed !== NO_KEY
  }

  /** The key that is down, or that may be as far as {@link SUSPECTED_WINDOWS} of it tell; '' when there is none. */
  get keyInSight(): string {
    if (this.#pressed !== NO_KEY) return KEYPAD[this.#pressed]!
    return this.#seen >= SUSPECTED_WINDOWS ? KEYPAD[this.#seenKey]! : ''
  }

  /** Gives the memory back. Nothing is heard any more. */
  release(): void {
    this.#bank.close(this.#samples)
  }

  /** Reads a little of it, see {@link Touch}. */
  touch(): number {
    const samples = this.#samples
    return this.#filled ^ this.#skipped ^ addressOf(samples) ^ samples[0]! ^ samples[HOP / 2]! ^ samples[HOP - 1]!
  }

  /** Hears `samples`. */
  hear(samples: Int16Array): void {
    for (let from = 0; from < samples.length; from += PACKET) {
      const count = Math.min(samples.length - from, PACKET)
      this.#bank.load(samples, from, count, this.#bank.sound, WINDOW)
      this.hearPacket(count)
    }
  }

  /** Hears `length` samples that stand in the bank's {@link ToneBank.sound}, from {@link WINDOW} on. */
  hearPacket(length: number): void {
    const bank = this.#bank
    const kept = HOP + this.#filled
    const end = WINDOW + length
    let from = WINDOW - kept
    bank.load(this.#samples, 0, kept, bank.sound, from)
    for (; from + WINDOW <= end; from += HOP) {
      if (this.#toSkip > 0) {
        this.#toSkip--
        this.#skip()
      } else this.#look(from)
    }
    bank.load(bank.sound, from, end - from, this.#samples, 0)
    this.#filled = end - from - HOP
  }

  /** `length` samples were lost. */
  miss(length: number): void {
    if (length === 0) return
    for (let hops = this.#pass(length); hops > 0; hops--) this.#skip()
    this.#toSkip = this.#filled > 0 ? 2 : 1
  }

  /** The far end was silent for `length` samples. */
  rest(length: number): void {
    if (length === 0) return
    for (let hops = this.#pass(length); hops > 0; hops--) this.#release()
    this.#samples.fill(0)
    this.#seen = 0
    this.#toSkip = 0
  }

  /** Lets time pass in which nothing is heard; returns how many windows end in it. */
  #pass(length: number): number {
    const filled = this.#filled + length
    this.#filled = filled % HOP
    return (filled - this.#filled) / HOP
  }

  #skip(): void {
    if (++this.#skipped > MAX_BRIDGED) this.#seen = 0
    if (this.#skipped > MAX_SKIPPED) this.#release()
  }

  #look(from: number): void {
    const isBehindHole = this.#skipped > 0
    this.#skipped = 0
    this.#findCandidate(from)
    const { key } = candidate
    if (this.#pressed !== NO_KEY && key !== this.#pressed) this.#release()
    else this.#absent = 0
    if (key === NO_KEY) {
      this.#seen = 0
      return
    }
    const isNext = this.#follows(isBehindHole)
    this.#keepTones()
    if (!isNext) {
      this.#beginRun()
      return
    }
    if (++this.#seen < MIN_WINDOWS || !this.#isInTune() || this.#pressed === key) return
    this.#pressed = key
    this.#onDigit(KEYPAD[key]!)
  }

  #release(): void {
    if (++this.#absent >= MIN_ABSENT) this.#pressed = NO_KEY
  }

  /** Looks for the two tones that make up most of the window. The dearer half is spared where the low tones are not there. */
  #findCandidate(from: number): void {
    candidate.key = NO_KEY
    candidate.energy = this.#bank.energy(from)
    if (candidate.energy < MIN_ENERGY) return
    this.#bank.correlate(from, 'low')
    candidate.low = this.#loudest(0)
    const lowPeak = candidate.peak
    candidate.lowPeak = lowPeak
    if (lowPeak < MIN_PEAK || ENERGY_OF_SINE * lowPeak * lowPeak < MIN_LOW_SHARE * candidate.energy) return
    this.#bank.correlate(from, 'high')
    candidate.high = this.#loudest(4)
    candidate.highPeak = candidate.peak
    if (candidate.highPeak < MIN_PEAK || this.#share(candidate.lowPeak, candidate.highPeak) < MIN_SHARE) return
    const twist = candidate.highPeak / candidate.lowPeak
    if (twist > MAX_TWIST || twist < MIN_TWIST) return
    candidate.key = 4 * candidate.low + candidate.high - 4
  }

  #keepTones(): void {
    const { low, high } = candidate
    const { tones } = this.#bank
    this.#lowRe = tones[2 * low]!
    this.#lowIm = tones[2 * low + 1]!
    this.#highRe = tones[2 * high]!
    this.#highIm = tones[2 * high + 1]!
  }

  #beginRun(): void {
    this.#seen = 1
    this.#pairs = 0
    this.#seenKey = candidate.key
    this.#loudestLow = candidate.lowPeak
    this.#loudestHigh = candidate.highPeak
    this.#lowTurn = 0
    this.#highTurn = 0
  }

  /**
   * Whether this window goes on with the run: same key, same level, and the tones where they should be by now. Behind a
   * hole nobody knows how far they have turned: they count as being as far off as they were.
   */
  #follows(isBehindHole: boolean): boolean {
    const { key, low, high, lowPeak, highPeak } = candidate
    if (this.#seen === 0 || key !== this.#seenKey) return false
    const lowTurn = isBehindHole ? this.#lowTurn / Math.max(this.#pairs, 1) : this.#turn(low, this.#lowRe, this.#lowIm)
    const highTurn = isBehindHole
      ? this.#highTurn / Math.max(this.#pairs, 1)
      : this.#turn(high, this.#highRe, this.#highIm)
    if (Math.abs(lowTurn) > 1.5 * maxOffHz(low) || Math.abs(highTurn) > 1.5 * maxOffHz(high)) return false
    const louder = Math.max(lowPeak / this.#loudestLow, highPeak / this.#loudestHigh)
    const softer = Math.min(lowPeak / this.#loudestLow, highPeak / this.#loudestHigh)
    if (louder > MAX_SWELL || softer < 1 / MAX_SWELL) return false
    const share = this.#share(lowPeak / scallop(lowTurn), highPeak / scallop(highTurn))
    if (share < MIN_SHARE_IN_TUNE) return false
    this.#loudestLow = Math.max(this.#loudestLow, lowPeak)
    this.#loudestHigh = Math.max(this.#loudestHigh, highPeak)
    if (isBehindHole) return true
    this.#pairs++
    this.#lowTurn += lowTurn
    this.#highTurn += highTurn
    return true
  }

  #isInTune(): boolean {
    const pairs = this.#pairs
    const { low, high } = candidate
    return Math.abs(this.#lowTurn) < pairs * maxOffHz(low) && Math.abs(this.#highTurn) < pairs * maxOffHz(high)
  }

  /** By how many Hz the phase of a tone has turned too fast since the window before, ±50. */
  #turn(tone: number, reBefore: number, imBefore: number): number {
    const re = this.#bank.tones[2 * tone]!
    const im = this.#bank.tones[2 * tone + 1]!
    const turn = Math.atan2(im * reBefore - re * imBefore, re * reBefore + im * imBefore) / (2 * Math.PI)
    const hops = turn - (KEYPAD_HZ[tone]! * HOP) / RATE_HZ
    return (hops - Math.round(hops)) * (RATE_HZ / HOP)
  }

  /**
   * The loudest of the four tones from `first` on; the peak of a sine at its frequency goes to {@link candidate}. This is
   * done for each packet: a function that returned the peak would make an object of it.
   */
  #loudest(first: number): number {
    const { tones } = this.#bank
    let loudest = first
    let most = -1
    for (let tone = first; tone < first + 4; tone++) {
      const re = tones[2 * tone]!
      const im = tones[2 * tone + 1]!
      const power = re * re + im * im
      if (power > most) {
        most = power
        loudest = tone
      }
    }
    candidate.peak = Math.sqrt(most) / ROW_GAIN
    return loudest
  }

  /** What part of the window's energy two sines of these peaks have. */
  #share(lowPeak: number, highPeak: number): number {
    return (ENERGY_OF_SINE * (lowPeak * lowPeak + highPeak * highPeak)) / candidate.energy
  }
}

/** Of the window that is looked at: one is enough for all detectors. */
const candidate: Candidate = { key: -1, low: 0, high: 0, peak: 0, lowPeak: 0, highPeak: 0, energy: 0 }

/** What a window shows: a key, or none, with the indices and peaks of its two tones. */
interface Candidate {
  key: number
  low: number
  high: number
  /** Of the group that was looked at last. */
  peak: number
  lowPeak: number
  highPeak: number
  energy: number
}

/** How much smaller a row of {@link WINDOW} samples sees a sine that is `offHz` off: the spectrum of a Hann window. */
function scallop(offHz: number): number {
  const bins = Math.abs((offHz * WINDOW) / RATE_HZ)
  return bins < 1e-6 ? 1 : Math.sin(Math.PI * bins) / (Math.PI * bins) / (1 - bins * bins)
}

/** Q.24 asks for 1.5 % at least; the rest is for what noise does to the phase. */
function maxOffHz(tone: number): number {
  return 0.015 * KEYPAD_HZ[tone]! + 2.5
}

const RATE_HZ = 8000
const NO_KEY = -1
const MIN_WINDOWS = 3
/** In 73 s of speech no two in a row were seen, and single ones for 0.3 s. */
const SUSPECTED_WINDOWS = 2
const MIN_ABSENT = 4
/** 30 ms, and the windows that reach into them. */
const MAX_SKIPPED = 5
/** One packet of 20 ms, and the windows that reach into it. */
const MAX_BRIDGED = 4
/** -25 dBm0 a tone, with 2 dB for frequencies that are off and levels that are rounded. */
const MIN_PEAK = sinePeak(-27)
const MIN_ENERGY = (energyAtLevel(-27, 1) * WINDOW * 3) / 4
/** From one window of a press to another; the first one may reach out of it. */
const MAX_SWELL = 10 ** (4 / 20)
/** Of the energy of a window, before anything is known of how far off the frequencies are. */
const MIN_SHARE = 0.55
const MIN_LOW_SHARE = 0.12
const MIN_SHARE_IN_TUNE = 0.88
/** High above low and low above high, 4 and 8 dB with 1.5 dB for frequencies that are off. */
const MAX_TWIST = 10 ** (5.5 / 20)
const MIN_TWIST = 10 ** (-9.5 / 20)

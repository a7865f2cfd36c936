import { energy, energyAtLevel } from '../dsp/level.ts'
import type { Kernels } from '../wasm/kernels.ts'
import { Cadence } from './cadence.ts'
import { RISE, SoundEdges } from './sound-edges.ts'
import { type SpecialInformation, SpecialInformationTone } from './special-information.ts'
import { AMERICAN_PLAN, type TonePlan, tonePlanOf } from './tone-plan.ts'
import { LOOK_SAMPLES, ToneSpectrum } from './tone-spectrum.ts'

/**
 * What is heard of a call that is being placed: the tones of the network, and `audio`, which is sound that is none: a
 * person, an announcement, music.
 */
export type CallSound = 'ringback' | 'busy' | 'congestion' | 'unobtainable' | 'specialInformation' | 'audio'

/** @param startedMsAgo before the end of the frame in which it was recognised */
export type CallSoundListener = (sound: CallSound, startedMsAgo: number, meaning?: SpecialInformation) => void

/**
 * Hears what a network tells a caller by tones (ITU-T E.180): ringback, busy, congestion, number unobtainable and special
 * information; and when there is something else to be heard. Each is said when it begins, and again only after another was.
 *
 * A sound is a tone when a look at 64 ms of it finds nearly all its energy in one band: of one frequency from 375 to
 * 475 Hz, which busy, congestion and ringback share, so that their cadences have to tell; of two that beat there, which
 * only ringback has; or of 480 + 620 Hz, which is busy or congestion. Nothing is said before the same cadence has come
 * twice (ringback: once, with its pause), so neither voices nor music nor keys are taken for a tone. A tone without a pause
 * is one of a few countries, and believed after three seconds there.
 *
 * It hears frames of 20 ms at 8 kHz. Silence costs the energy of a frame, sound some ten microseconds of it. Nothing is
 * allocated after construction.
 */
export class CallToneDetector {
  /** Of 20 ms: what is softer neither is a sound nor raises what a sound has to stand out from. */
  readonly quietEnergy: number = QUIET_ENERGY
  readonly #plan: TonePlan
  readonly #onSound: CallSoundListener
  readonly #energy: Kernels['energy']
  readonly #window = new Int16Array(LOOK_SAMPLES)
  readonly #edges = new SoundEdges(energyAtLevel(LEAST_DBM0, 1))
  readonly #cadence = new Cadence()
  readonly #information = new SpecialInformationTone()
  #nowMs = 0
  /** Looks at the sound in progress: how many, and how many of them showed each kind of sound. */
  #looks = 0
  #pureLooks = 0
  #sumHz = 0
  readonly #looksOf = new Uint16Array(KINDS)
  /** The last complete sound, if it was a tone: its kind, its frequency, its length and its end. */
  #lastKind: Kind = SOMETHING
  #lastHz = 0
  #lastOnMs = 0
  #lastEndedAtMs = Number.NEGATIVE_INFINITY
  #lastPower = 0
  /** Of the sound in progress: it was compared with the last one. */
  #isJoined = false
  #said: CallSound | undefined
  #hasSaidAudio = false
  #audioMs = 0
  #audioAtMs = 0
  #audioSinceMs = 0
  #missedMs = 0

  /** @param country of ISO 3166, where it is known whose tones they are */
  constructor(onSound: CallSoundListener, country?: string, kernels: Pick<Kernels, 'energy'> = { energy }) {
    this.#onSound = onSound
    this.#plan = tonePlanOf(country)
    this.#energy = kernels.energy
  }

  /**
   * @param isWhole false when some of the frame was made up for what was lost
   * @param power per sample, by which sound is told from pause; default: that of the frame
   */
  hear(frame: Int16Array, isWhole: boolean, power = this.#energy(frame, 0, frame.length) / frame.length): void {
    if (isWhole) this.#follow(power)
    else this.#miss()
    if (isWhole && this.#edges.isSounding) this.#listen(frame)
  }

  /** The same for 20 ms after which a second has been softer than {@link quietEnergy}. */
  hearNothing(): void {
    this.#follow(0)
  }

  #follow(power: number): void {
    this.#missedMs = 0
    const edge = this.#edges.hear(power, this.#nowMs, FRAME_MS)
    this.#nowMs += FRAME_MS
    if (edge === 'begins') this.#begin()
    else if (edge === 'ends') this.#end()
    if (!this.#edges.isSounding) this.#wait()
  }

  #miss(): void {
    this.#nowMs += FRAME_MS
    this.#edges.miss(FRAME_MS)
    this.#missedMs += FRAME_MS
    if (this.#missedMs > MOST_MISSED_MS) this.#forget()
  }

  #begin(): void {
    this.#looks = 0
    this.#pureLooks = 0
    this.#sumHz = 0
    this.#looksOf.fill(0)
    this.#isJoined = false
  }

  /** Looks at the sound in progress, once it fills all that a look sees. */
  #listen(frame: Int16Array): void {
    this.#window.copyWithin(0, frame.length)
    this.#window.set(frame, LOOK_SAMPLES - frame.length)
    if (this.#edges.wholeFrames < FRAMES_OF_LOOK) return
    spectrum.look(this.#window)
    const kind = kindOf(spectrum)
    const middleMs = this.#nowMs - LOOK_MS / 2
    this.#looks++
    this.#looksOf[kind] = this.#looksOf[kind]! + 1
    if (kind === CALL_TONE && isPure(spectrum)) {
      this.#pureLooks++
      this.#sumHz += spectrum.peakHz
    }
    if (this.#plan.unobtainableHz !== undefined) this.#noteEndless(this.#plan.unobtainableHz)
    const hz = spectrum.peakShare >= PURE ? spectrum.peakHz : 0
    const meaning = this.#information.hear(hz, middleMs, this.#edges.startsAtMs)
    if (meaning !== undefined) this.#say('specialInformation', this.#information.startedAtMs, meaning)
    if (kind === SOMETHING && spectrum.peakShare >= LEAST_PEAK) this.#noteAudio(this.#looks === 1 ? LOOK_MS : FRAME_MS)
    else if (!this.#isJoined && this.#looksOf[kind]! >= LOOKS_TO_JOIN) this.#join(kind)
  }

  /** The sound in progress is longer than any ring, and the tone that has no end. */
  #noteEndless(ofHz: number): void {
    if (this.#nowMs - this.#edges.startsAtMs < LEAST_ENDLESS_MS) return
    const isPureSoFar = this.#pureLooks >= LEAST_SHARE_OF_PURE_LOOKS * this.#looks
    if (isPureSoFar && Math.abs(this.#hz - ofHz) <= ENDLESS_OFF_HZ) this.#say('unobtainable', this.#edges.startsAtMs)
  }

  /** The sound in progress is a tone: with the pause before it, the last one is complete if it was the same. */
  #join(kind: Kind): void {
    this.#isJoined = true
    const offMs = this.#edges.startsAtMs - this.#lastEndedAtMs
    const hz = this.#hz
    // Two tones that beat look now like the one, now like the other.
    const isSameHz = hz === 0 || this.#lastHz === 0 || Math.abs(hz - this.#lastHz) <= SAME_HZ
    const isSame = kind === this.#lastKind && offMs < MOST_PAUSE_MS && this.#isAsLoud() && isSameHz
    if (!isSame || kind === OTHER_TONE) {
      this.#cadence.clear()
      return
    }
    this.#cadence.add(this.#lastOnMs, offMs)
    const plan = kind === AMERICAN_TONE ? AMERICAN_PLAN : this.#plan
    const verdict = kind === CALL_TONE && hz === 0 ? undefined : this.#cadence.verdict(plan)
    if (verdict === undefined) return
    let startedAtMs = this.#edges.startsAtMs
    for (let back = 0; back < this.#cadence.length; back++)
      startedAtMs -= this.#cadence.onMs(back) + this.#cadence.offMs(back)
    this.#say(verdict, startedAtMs)
  }

  #end(): void {
    const onMs = this.#edges.endedAtMs - this.#edges.startsAtMs
    const kind = this.#kind()
    if (kind === SOMETHING) {
      // A click, or one that was lost in part, stands in nobody's way.
      if (onMs >= LEAST_SOUND_MS && this.#looks > 0) this.#forget()
      // Syllables are too short for a look.
      const isWhole = this.#edges.wholeFrames * FRAME_MS >= onMs
      if (this.#looks === 0 && isWhole && onMs >= LEAST_SYLLABLE_MS) this.#noteAudio(onMs)
      return
    }
    if (!this.#isJoined) this.#join(kind)
    this.#lastKind = kind
    this.#lastHz = this.#hz
    this.#lastOnMs = onMs
    this.#lastEndedAtMs = this.#edges.endedAtMs
    this.#lastPower = this.#edges.power
  }

  /** Silence: that of ringback is long. */
  #wait(): void {
    const offMs = this.#nowMs - this.#lastEndedAtMs
    if (offMs < RINGBACK_PAUSE_MS || this.#lastKind !== CALL_TONE) return
    const { onMs, startedAtMs } = this.#ring()
    this.#lastKind = SOMETHING
    if (onMs > 0) this.#say('ringback', startedAtMs)
  }

  /** The ring that the pause has followed: one long sound, or two short ones; `onMs` is 0 when it was none. */
  #ring(): { readonly onMs: number; readonly startedAtMs: number } {
    ring.onMs = 0
    ring.startedAtMs = this.#lastEndedAtMs - this.#lastOnMs
    const onMs = this.#lastOnMs
    if (onMs >= LEAST_RING_MS && onMs <= MOST_RING_MS) ring.onMs = onMs
    else if (onMs > 320 && onMs < 480 && this.#cadence.length > 0) {
      const gapMs = this.#cadence.offMs()
      if (gapMs < 130 || gapMs > 290 || Math.abs(this.#cadence.onMs() - onMs) > 80) return ring
      ring.onMs = onMs
      ring.startedAtMs -= gapMs + this.#cadence.onMs()
    }
    return ring
  }

  #kind(): Kind {
    if (this.#looks === 0) return this.#isAsLoud() ? this.#lastKind : SOMETHING
    for (const kind of TONES) if (this.#looksOf[kind]! >= LEAST_SHARE_OF_LOOKS * this.#looks) return kind
    return SOMETHING
  }

  /** Of the sound in progress, where it is one pure tone; 0 where it is not. */
  get #hz(): number {
    if (this.#looks === 0) return this.#lastHz
    return 2 * this.#pureLooks >= this.#looks && this.#pureLooks > 0 ? this.#sumHz / this.#pureLooks : 0
  }

  #isAsLoud(): boolean {
    const ratio = this.#edges.power / this.#lastPower
    return ratio < SAME_POWER && ratio > 1 / SAME_POWER
  }

  #forget(): void {
    this.#cadence.clear()
    this.#lastKind = SOMETHING
    this.#lastEndedAtMs = Number.NEGATIVE_INFINITY
  }

  /** So much of the sound in progress, or of the one that has just ended, was no tone. */
  #noteAudio(lengthMs: number): void {
    if (this.#hasSaidAudio || this.#edges.power < AUDIO_POWER) return
    if (this.#nowMs - this.#audioAtMs > AUDIO_PAUSE_MS) {
      this.#audioMs = 0
      this.#audioSinceMs = Math.max(this.#edges.startsAtMs, this.#nowMs - lengthMs - FRAME_MS)
    }
    this.#audioAtMs = this.#nowMs
    this.#audioMs += lengthMs
    if (this.#audioMs < LEAST_AUDIO_MS) return
    this.#hasSaidAudio = true
    this.#say('audio', this.#audioSinceMs)
  }

  #say(sound: CallSound, startedAtMs: number, meaning?: SpecialInformation): void {
    if (sound === this.#said) return
    this.#said = sound
    this.#onSound(sound, Math.round(this.#nowMs - startedAtMs), meaning)
  }
}

/** What a look finds. */
type Kind = typeof SOMETHING | typeof CALL_TONE | typeof AMERICAN_TONE | typeof OTHER_TONE
/** No tone: voices, music, noise. */
const SOMETHING = 0
/** One frequency around 425 Hz, or two that beat there. */
const CALL_TONE = 1
/** 480 + 620 Hz. */
const AMERICAN_TONE = 2
/** Any other one or two frequencies: keys, special information, beeps, modems. */
const OTHER_TONE = 3
const KINDS = 4
const TONES = [CALL_TONE, AMERICAN_TONE, OTHER_TONE] as const

function kindOf(look: ToneSpectrum): Kind {
  const both = look.peakShare + look.secondShare
  if (both >= PURE && look.secondShare > LEAST_TWIN && isPair(look, 480, 620)) return AMERICAN_TONE
  if (look.shareWithin(LOWEST_HZ, HIGHEST_HZ) >= PURE) return CALL_TONE
  // Below, it is a voice: no tone of a network is so low, and voices are often as pure.
  if (look.peakHz < LOWEST_HZ) return SOMETHING
  const isTwin = both >= PURE && look.secondShare > LEAST_TWIN && look.secondHz >= LOWEST_HZ
  return look.peakShare >= PURE || isTwin ? OTHER_TONE : SOMETHING
}

function isPair({ peakHz, secondHz }: ToneSpectrum, lowHz: number, highHz: number): boolean {
  return (
    Math.abs(Math.min(peakHz, secondHz) - lowHz) <= PAIR_OFF_HZ &&
    Math.abs(Math.max(peakHz, secondHz) - highHz) <= PAIR_OFF_HZ
  )
}

/** One frequency, and one that busy and congestion can have: E.180 accepts 400 to 450 Hz, each 15 Hz more or less. */
function isPure(look: ToneSpectrum): boolean {
  return look.peakShare >= PURE && look.peakHz >= 380 && look.peakHz <= 470
}

/** One is enough for all detectors. */
const spectrum = new ToneSpectrum()
const ring = { onMs: 0, startedAtMs: 0 }

const FRAME_MS = 20
const FRAME_SAMPLES = 160
const LOOK_MS: number = LOOK_SAMPLES / 8
/** That hold a look, wherever the first of them begins to sound. */
const FRAMES_OF_LOOK = 4
const LEAST_DBM0 = -43
const QUIET_ENERGY: number = energyAtLevel(LEAST_DBM0, FRAME_SAMPLES) / RISE
/** Softer sound may be the noise of a line: as in a recording, it is no sound yet. */
const AUDIO_POWER: number = energyAtLevel(-40, 1)
/** Hiss has no peak: a tenth of it is in no five bins. */
const LEAST_PEAK = 0.15
const LEAST_AUDIO_MS = 100
/** Between words of one utterance. */
const AUDIO_PAUSE_MS = 400
/** 7 dB between a tone and the noise around it. */
const PURE = 0.83
/** The softer of two tones, 9 dB below the other. */
const LEAST_TWIN = 0.1
const PAIR_OFF_HZ = 20
/** Around 400 + 450, 440 + 480 and 425 Hz modulated with 25 Hz, with what the window adds on both sides. */
const LOWEST_HZ = 345
const HIGHEST_HZ = 515
const SAME_HZ = 30
/** 6 dB. */
const SAME_POWER = 4
const LOOKS_TO_JOIN = 3
/** The longest ring of ringback lasts 2.2 s. */
const LEAST_ENDLESS_MS = 3000
const LEAST_SHARE_OF_PURE_LOOKS = 0.9
/** What E.180 allows, and 2 Hz for what a look does not see. */
const ENDLESS_OFF_HZ = 17
const LEAST_SHARE_OF_LOOKS = 0.6
const LEAST_SOUND_MS = 60
const LEAST_SYLLABLE_MS = 40
/** The longest pause within a cadence that is no ringback: 750 ms, and what is lost. */
const MOST_PAUSE_MS = 1200
/** The shortest pause of ringback is 2 s. */
const RINGBACK_PAUSE_MS = 1750
const LEAST_RING_MS = 700
const MOST_RING_MS = 2300
const MOST_MISSED_MS = 200

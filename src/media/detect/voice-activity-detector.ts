import { energy, energyAtLevel } from '../dsp/level.ts'
import type { Kernels } from '../wasm/kernels.ts'
import type { Edge } from './sound-edges.ts'
import { VoiceLook } from './voice-look.ts'

/** How {@link VoiceActivityDetector} listens. */
export interface VoiceActivityOptions {
  /** Speech has ended when nothing was said for so long, 20 ms or more. Default 300: pauses within words are shorter. */
  readonly hangoverMs?: number
  /** What measures frames. Default: plain TypeScript. */
  readonly kernels?: Pick<Kernels, 'energy'>
  /** What another one has heard before. */
  readonly past?: HeardBefore
}

/** What a detector that goes on with a stream has to know of it. */
export interface HeardBefore {
  /** What was heard, in ms. */
  readonly nowMs: number
  readonly isSpeaking: boolean
  /** When the last speech began. */
  readonly beganAtMs: number
  /** Power of the noise, per sample. */
  readonly floor: number
}

/**
 * Tells speech from everything else that is heard on a telephone: silence, noise, tones, keys, and most music.
 *
 * Sound is what rises above the noise, whose level is followed all the time. Speech begins when enough of a sound is
 * voiced and moves (see {@link VoiceLook}): some 80 ms of it. It goes on as long as there is sound and the last voice in
 * it is no more than 200 ms away, so that the consonants between vowels belong to it, and a noise that stays does not.
 * What was lost on the way is neither speech nor silence, up to 200 ms of it.
 *
 * It hears frames of 20 ms at 8 kHz. Silence costs the energy of a frame, sound some ten microseconds of it. Nothing is
 * allocated after construction. What it can and cannot do was measured: docs/decisions/2026-11-26-voice-activity.md.
 */
export class VoiceActivityDetector {
  /** What was heard so far, in ms: the end of the last frame. */
  nowMs = 0
  /** When the last speech began. */
  beganAtMs = 0
  /** When it ended, once it has. */
  endedAtMs = 0
  isSpeaking = false
  /**
   * Only loud and longer speech begins now: set while something is played to the far end, of which an echo may come back.
   */
  isGuarded = false
  readonly #hangoverMs: number
  readonly #energy: Kernels['energy']
  readonly #look = new VoiceLook()
  /** Power of the noise, per sample. */
  #floor = LEAST_POWER / RISE
  /** Of the sound in progress: when it began, and how alike it is to itself of late; 0 while that is not known. */
  #soundsSinceMs = 0
  #alike = 0
  #softFrames = MOST_SOFT_FRAMES + 1
  /** How much speaks for speech, and since when. */
  #evidence = 0
  #evidenceSinceMs = 0
  /** The last frame that was voiced, and the last that belonged to speech. */
  #voicedAtMs = Number.NEGATIVE_INFINITY
  #activeAtMs = 0
  #missedMs = 0

  constructor({ hangoverMs = 300, kernels = { energy }, past }: VoiceActivityOptions = {}) {
    this.#hangoverMs = Math.max(hangoverMs, FRAME_MS)
    this.#energy = kernels.energy
    if (past === undefined) return
    this.nowMs = past.nowMs
    this.isSpeaking = past.isSpeaking
    this.beganAtMs = past.beganAtMs
    this.#floor = past.floor
    this.#activeAtMs = past.nowMs
    if (past.isSpeaking) this.#voicedAtMs = past.nowMs
  }

  /** For one that goes on with the same stream, in another thread perhaps. */
  get past(): HeardBefore {
    return { nowMs: this.nowMs, isSpeaking: this.isSpeaking, beganAtMs: this.beganAtMs, floor: this.#floor }
  }

  /** @param isWhole false when some of the frame was made up for what was lost */
  hear(frame: Int16Array, isWhole = true): Edge {
    this.nowMs += FRAME_MS
    this.#look.hear(frame)
    if (!isWhole && this.#missedMs < MOST_MISSED_MS) {
      this.#missedMs += FRAME_MS
      this.#activeAtMs += FRAME_MS
      this.#voicedAtMs += FRAME_MS
      return 'none'
    }
    if (isWhole) this.#missedMs = 0
    const power = isWhole ? this.#energy(frame, 0, frame.length) / frame.length : 0
    if (power > LEAST_POWER && power > this.#floor * RISE) this.#hearSound()
    else this.#hearPause()
    if (isWhole) this.#followNoise(power)
    return this.isSpeaking ? this.#end() : this.#begin(power)
  }

  #hearSound(): void {
    const look = this.#look
    if (this.#softFrames > MOST_SOFT_FRAMES) {
      look.begin()
      this.#alike = 0
      this.#soundsSinceMs = this.nowMs - FRAME_MS
    }
    this.#softFrames = 0
    look.look()
    if (look.alike > 0) this.#alike += this.#alike === 0 ? look.alike : (look.alike - this.#alike) / 8
    if (this.#evidence === 0) this.#evidenceSinceMs = this.nowMs - FRAME_MS
    const isVoice = look.isVoiced && !look.isTone
    if (isVoice && look.alike < MOVING) this.#evidence = Math.min(this.#evidence + (look.alike > 0 ? 1 : 0.5), 5)
    else this.#doubt(look.isTone || look.alike > STEADY ? 0.5 : 0.25)
    if (isVoice && this.#alike < MOST_ALIKE) this.#voicedAtMs = this.nowMs
    if (this.nowMs - this.#voicedAtMs < VOICE_REACHES_MS) this.#activeAtMs = this.nowMs
  }

  #hearPause(): void {
    this.#softFrames++
    this.#doubt(0.5)
  }

  #doubt(by: number): void {
    this.#evidence = Math.max(0, this.#evidence - by)
  }

  /** A noise that sets in is known after half a second. While somebody speaks the noise is heard in pauses only. */
  #followNoise(power: number): void {
    if (power < this.#floor) this.#floor += (power - this.#floor) / 4
    else this.#floor *= this.isSpeaking && this.nowMs - this.#voicedAtMs < 300 ? 1.004 : 1.06
    if (this.#floor < LEAST_POWER / RISE) this.#floor = LEAST_POWER / RISE
  }

  #begin(power: number): Edge {
    const isEnough = this.#evidence >= (this.isGuarded ? GUARDED_EVIDENCE : ENOUGH_EVIDENCE)
    if (!isEnough || this.#alike === 0 || this.#alike >= MOST_ALIKE) return 'none'
    if (this.isGuarded && power < GUARDED_POWER) return 'none'
    this.isSpeaking = true
    this.#activeAtMs = this.nowMs
    // The consonant before the first vowel belongs to it; a hiss that was there for longer does not.
    const isOneSound = this.#evidenceSinceMs - this.#soundsSinceMs <= LONGEST_CONSONANT_MS
    this.beganAtMs = isOneSound ? Math.min(this.#soundsSinceMs, this.#evidenceSinceMs) : this.#evidenceSinceMs
    return 'begins'
  }

  #end(): Edge {
    if (this.nowMs - this.#activeAtMs < this.#hangoverMs) return 'none'
    this.isSpeaking = false
    this.#evidence = 0
    this.endedAtMs = this.#activeAtMs
    return 'ends'
  }
}

const FRAME_MS = 20
/** Softer than -48 dBm0 nobody is understood on a telephone. */
const LEAST_POWER: number = energyAtLevel(-48, 1)
/** 6 dB above the noise. */
const RISE = 4
/** Soft frames within one sound: two tones that beat have them. */
const MOST_SOFT_FRAMES = 2
/** Likeness over 40 ms: speech is below it three times in five, held notes and noise are above. */
const MOVING = 0.92
const STEADY = 0.96
/** The mean of it over some 160 ms: music seldom gets below it, speech seldom above. */
const MOST_ALIKE = 0.92
const ENOUGH_EVIDENCE = 2
/** While we play: about 40 ms more of it, and what an echo that was lost by 15 dB on its way seldom reaches. */
const GUARDED_EVIDENCE = 3
const GUARDED_POWER: number = energyAtLevel(-34, 1)
const VOICE_REACHES_MS = 200
const LONGEST_CONSONANT_MS = 300
const MOST_MISSED_MS = 200

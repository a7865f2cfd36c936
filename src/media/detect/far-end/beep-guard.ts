import { energyAtLevel } from '../../dsp/level.ts'
import { isCallTone, isInformationTone, isLaterInformationTone, isPairOfNetwork, isSignalTone } from './signal-tones.ts'
import { isUnmistakable } from './tone-steadiness.ts'
import type { ToneTrack } from './tone-track.ts'

/**
 * Knows which tones are no beep, by what was heard before them: a tone of networks and fax machines is one only after
 * somebody has spoken, and one that comes again, or that a cadence is made of, is none until somebody speaks again.
 */
export class BeepGuard {
  /** Somebody has spoken: what was clearly speech, and no noise or tone that may pass for it. */
  hasSpoken = false
  /** There was a sound like a word: enough for a tone of networks to be a beep, where it is short and quiet follows. */
  mayHaveSpoken = false
  #spokenFrames = 0
  /** Of the last frames, the newest in the lowest bit: whether each was loud enough, and no tone. */
  #voices = 0
  #hadInformation = false
  /** Of the last beep or tone of a network, as long as nobody has spoken since. */
  #lastHz = 0
  #lastStartedAtMs = Number.NEGATIVE_INFINITY
  #lastPower = 0
  /** Of the last tone as low as those of networks: its frequency, and when it still sounded; and before the one in progress. */
  #pulseHz = 0
  #pulsedAtMs = Number.NEGATIVE_INFINITY
  #hzBefore = 0
  #pulsedBeforeMs = Number.NEGATIVE_INFINITY

  /** Somebody else may be there now. */
  restart(): void {
    this.hasSpoken = false
    this.mayHaveSpoken = false
    this.#spokenFrames = 0
    this.#voices = 0
    this.#hadInformation = false
    this.#lastHz = 0
  }

  /**
   * @param power of a frame of 20 ms, per sample
   * @param isTone what sounds is nearly one frequency or two
   * @param isSpeech somebody speaks, as far as is known
   */
  hear(power: number, isTone: boolean, isSpeech: boolean): void {
    const isVoice = !isTone && power >= LEAST_POWER
    this.#voices = (this.#voices << 1) | (isVoice ? 1 : 0)
    if (!isSpeech || !isVoice) return
    if (++this.#spokenFrames < LEAST_SPOKEN_FRAMES) return
    this.hasSpoken = true
    this.#lastHz = 0
  }

  /**
   * Speech begins: what is known of an utterance is known of it alone, so that no bursts of a tone add up.
   * @param frames that it has lasted already, as is known only now
   */
  beginSpeech(frames: number): void {
    this.#spokenFrames = 0
    for (let i = 0; i < Math.min(frames, MOST_KNOWN_FRAMES); i++) this.#spokenFrames += (this.#voices >>> i) & 1
  }

  noteInformation(): void {
    this.#hadInformation = true
  }

  /** To be called after each look, whatever is thought of the tone: it may be one of a cadence. */
  follow(track: ToneTrack, edge: 'none' | 'begins' | 'ends', nowMs: number): void {
    if (edge === 'begins') {
      this.#hzBefore = this.#pulseHz
      this.#pulsedBeforeMs = this.#pulsedAtMs
    }
    if (!track.isSounding || track.looks < PULSE_LOOKS || !isCallTone(track)) return
    if (track.unsteadyHz() > PULSE_HZ || track.unsteadyDb() > PULSE_DB) return
    this.#pulseHz = track.hz
    this.#pulsedAtMs = nowMs
  }

  /** The tone in progress, or the last one, is a beep, or one of a cadence. */
  note(track: ToneTrack): void {
    this.#lastHz = track.hz
    this.#lastStartedAtMs = track.startedAtMs
    this.#lastPower = track.power
  }

  /** Whether what began then was taken for a beep, or for a tone of a network. */
  isLast(startedAtMs: number): boolean {
    return this.#lastHz > 0 && Math.abs(startedAtMs - this.#lastStartedAtMs) <= SAME_MS
  }

  forbids(track: ToneTrack): boolean {
    // The first looks at it see it only in part.
    if (track.looks < LEAST_LOOKS) return false
    if (isPairOfNetwork(track)) return true
    if ((!this.#mayFollow(track) || this.#hadInformation) && isSignalTone(track)) return true
    if (this.#isPulse(track)) return true
    return this.#lastHz > 0 && !this.isLast(track.startedAtMs) && this.#isAgain(track)
  }

  /**
   * For how many hops a beep has to be followed by quiet, to be told from music and from the first of several tones; 0: it is
   * known while it sounds.
   */
  quietAfter(track: ToneTrack): number {
    if (!this.hasSpoken || (track.quietBefore < CLEAR_QUIET_HOPS && !isFirm(track))) return AFTER_SOUND_HOPS
    return isInformationTone(track) ? AFTER_INFORMATION_HOPS : 0
  }

  #mayFollow(track: ToneTrack): boolean {
    return this.hasSpoken || (this.mayHaveSpoken && isCallTone(track))
  }

  /** The same was there a moment ago, which has paused since. */
  #isPulse({ hz, startedAtMs }: ToneTrack): boolean {
    return startedAtMs - this.#pulsedBeforeMs < MOST_PAUSE_MS && Math.abs(hz - this.#hzBefore) <= SAME_HZ
  }

  #isAgain({ hz, power }: ToneTrack): boolean {
    return Math.abs(hz - this.#lastHz) <= SAME_HZ && power < this.#lastPower * SAME_POWER
  }
}

/** Whatever it follows, it is a tone, and none of several. */
function isFirm(track: ToneTrack): boolean {
  return track.looks >= FIRM_LOOKS && isUnmistakable(track) && !isLaterInformationTone(track)
}

/** Softer than speech is, and than noise may be that a detector takes for it before it knows the noise. */
const LEAST_POWER: number = energyAtLevel(-39, 1)
/** 50 ms before it. */
const CLEAR_QUIET_HOPS = 5
const LEAST_LOOKS = 3
const FIRM_LOOKS = 14
const AFTER_SOUND_HOPS = 15
/** Between tones of special information there are 30 ms at most. */
const AFTER_INFORMATION_HOPS = 8
/** 200 ms. */
const LEAST_SPOKEN_FRAMES = 10
const MOST_KNOWN_FRAMES = 15
const SAME_HZ = 12
/** 6 dB. */
const SAME_POWER = 4
const SAME_MS = 80
/** Busy and congestion: as short as sounds of them are, as long as their pauses. */
const PULSE_LOOKS = 10
const PULSE_HZ = 2.5
const PULSE_DB = 1.2
const MOST_PAUSE_MS = 600

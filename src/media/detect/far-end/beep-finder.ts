import { CLEAR_RISE, HIGH_HZ, isSteady, isUnmistakable, LONG_MS, VOICE_HZ } from './tone-steadiness.ts'
import type { ToneTrack } from './tone-track.ts'

/**
 * Tells the beep after which a mailbox records from other steady tones: one frequency or two, a glide, or up to three notes,
 * out of quiet. A long beep is known after some 140 ms, a short one when it has ended in quiet.
 *
 * Tones of networks, fax machines and keys look the same for a while: what they are is told by whoever knows more of the
 * call (see {@link isSignalTone}).
 */
export class BeepFinder {
  /** Of the last beep. */
  startedAtMs = 0
  endedAtMs = 0
  frequencyHz = 0
  /** It sounds, and was said to. */
  isBeeping = false
  #isJudged = false

  /**
   * To be called after each look that the track has heard.
   * @param edge what the track said
   * @param quietAfter for how many hops a beep has to be followed by quiet, as it may be music; 0: it is known before
   * @param isForbidden what sounds, or has just sounded, is no beep so far
   */
  hear(
    track: ToneTrack,
    edge: 'none' | 'begins' | 'ends',
    nowMs: number,
    quietAfter: number,
    isForbidden: boolean,
  ): 'none' | 'begins' | 'ends' {
    if (edge === 'begins') this.#isJudged = false
    if (this.isBeeping) {
      if (track.isSounding) return 'none'
      this.isBeeping = false
      this.endedAtMs = track.endedAtMs
      this.#isJudged = true
      return 'ends'
    }
    if (isForbidden && !track.isSounding && track.quietHops >= QUIET_HOPS) this.#isJudged = true
    if (this.#isJudged || isForbidden) return 'none'
    const isPatient = quietAfter > 0
    // A note that has just begun says nothing of those before it; voices fall soon.
    const isKnown = (track.notes === 1 || track.looks >= LEAST_NOTE_LOOKS) && !track.isFalling
    if (track.isSounding)
      return !isPatient && isKnown && isLongBeep(track, nowMs - track.startedAtMs) ? this.#begin(track) : 'none'
    if (track.quietHops < Math.max(quietAfter, QUIET_HOPS)) return 'none'
    const lengthMs = track.endedAtMs - track.startedAtMs
    this.#isJudged = true
    // Out of speech or music, a syllable or a note may be so short.
    const mayBeShort = !isPatient || track.lowestHz > VOICE_HZ
    const isBeep = (mayBeShort && isShortBeep(track, lengthMs)) || isLongBeep(track, lengthMs)
    return isBeep && lengthMs <= LONGEST_MS ? this.#begin(track) : 'none'
  }

  /** What sounds, or has just sounded, is no beep. */
  dismiss(): void {
    this.#isJudged = true
  }

  #begin(track: ToneTrack): 'begins' {
    this.isBeeping = true
    this.#isJudged = true
    this.startedAtMs = track.startedAtMs
    this.frequencyHz = track.firstHz
    return 'begins'
  }
}

function isLongBeep(track: ToneTrack, lengthMs: number): boolean {
  if (lengthMs < CONFIRM_MS || !isSteady(track, lengthMs)) return false
  // So few looks say nothing about how steady it is, and what swells is no beep.
  if (track.notes === 1 && (track.looks < LEAST_LOOKS || track.swellDb() > MOST_SWELL_DB)) return false
  if (lengthMs >= LONG_MS && isUnmistakable(track)) return true
  if (track.notes > 1 || track.isTwo) return track.rise > CLEAR_RISE && lengthMs >= CONFIRM_TWO_MS
  if (track.lowestHz < VOICE_HZ) {
    const confirmMs = track.lowestHz < LOW_VOICE_HZ ? CONFIRM_LOW_MS : CONFIRM_TWO_MS
    return track.rise > CLEAR_RISE && lengthMs >= confirmMs
  }
  return track.rise > RISE || lengthMs >= CONFIRM_WITHOUT_RISE_MS
}

function isShortBeep(track: ToneTrack, lengthMs: number): boolean {
  // Notes die away.
  if (track.lowestHz < HIGH_HZ && track.swellDb() > MOST_SHORT_SWELL_DB) return false
  return lengthMs >= SHORTEST_MS && isSeen(track) && track.rise > CLEAR_RISE && isSteady(track, lengthMs)
}

/** Codecs let a short tone swell, and packets are lost: the looks in which it did count as well where it cannot be a voice. */
function isSeen(track: ToneTrack): boolean {
  const { looks, allLooks } = track
  return (
    looks >= LEAST_SHORT_LOOKS || (looks === LEAST_SHORT_LOOKS - 1 && allLooks > looks + 2 && isUnmistakable(track))
  )
}

const LEAST_LOOKS = 5
const LEAST_SHORT_LOOKS = 4
const LEAST_NOTE_LOOKS = 3
const MOST_SWELL_DB = 0.22
const MOST_SHORT_SWELL_DB = 0.6
const CONFIRM_MS = 130
const CONFIRM_TWO_MS = 150
const CONFIRM_LOW_MS = 160
/** Out of speech or music. */
const CONFIRM_WITHOUT_RISE_MS = 190
const SHORTEST_MS = 70
const LONGEST_MS = 1600
const LOW_VOICE_HZ = 420
/** 6 dB. */
const RISE = 4
const QUIET_HOPS = 4

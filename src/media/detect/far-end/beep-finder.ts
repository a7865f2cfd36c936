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
   * @param isPatient whether a beep has to be followed by quiet: nobody has spoken yet, so that it may be music
   */
  hear(
    track: ToneTrack,
    edge: 'none' | 'begins' | 'ends',
    nowMs: number,
    isPatient: boolean,
  ): 'none' | 'begins' | 'ends' {
    if (edge === 'begins') this.#isJudged = false
    if (this.isBeeping) {
      if (track.isSounding) return 'none'
      this.isBeeping = false
      this.endedAtMs = track.endedAtMs
      this.#isJudged = true
      return 'ends'
    }
    if (this.#isJudged) return 'none'
    if (track.isSounding)
      return !isPatient && isLongBeep(track, nowMs - track.startedAtMs) ? this.#begin(track) : 'none'
    if (track.quietHops < (isPatient ? PATIENT_QUIET_HOPS : QUIET_HOPS)) return 'none'
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

/** No voice and no instrument is so pure and so steady. */
function isUnmistakable(track: ToneTrack): boolean {
  const { purity, lowestHz, notes } = track
  return (
    notes === 1 &&
    purity > PUREST_OF_ALL &&
    lowestHz > VOICE_HZ &&
    track.unsteadyHz() < FIRM_HZ &&
    track.unsteadyDb() < FIRM_DB
  )
}

function isShortBeep(track: ToneTrack, lengthMs: number): boolean {
  return lengthMs >= SHORTEST_MS && track.looks >= 4 && track.rise > CLEAR_RISE && isSteady(track, lengthMs)
}

/** Voices are steady for a few looks only, and in between them they are not. */
function isSteady(track: ToneTrack, lengthMs: number): boolean {
  const lowestHz = Math.min(track.lowestHz, track.hz)
  const isLow = lowestHz < (track.notes > 1 && isClean(track) ? LOWEST_SECOND_HZ : LOWEST_HZ)
  if (isLow || lowestHz > HIGHEST_HZ || track.notes > MOST_NOTES) return false
  // Voices glide into what looks like a tone.
  if (track.firstHz < LOWEST_FIRST_HZ) return false
  const mostLooks = (lengthMs - track.lostMs) / HOP_MS - track.notes * EDGE_LOOKS - 1
  if (track.allLooks < mostLooks || track.purity < leastPurity(track)) return false
  const hz = Math.max(track.worstHz, track.unsteadyHz())
  const db = Math.max(track.worstDb, track.unsteadyDb())
  // Tones that codecs make tremble, and two so near that they beat: long and pure as they are, they are no voices.
  if (
    lengthMs >= LONG_MS &&
    track.purity > TREMBLING_PURE &&
    hz < TREMBLING_HZ &&
    db < TREMBLING_DB &&
    track.rise > CLEAR_RISE
  )
    return track.isTwo || lowestHz > CODED_HZ
  if (lowestHz < VOICE_HZ) return isSteadyLow(track, lengthMs, hz, db)
  const mayTremble = lengthMs >= CODED_MS || isClean(track)
  const mostHz = mayTremble && lowestHz > CODED_HZ ? STEADY_CODED_HZ : STEADY_HZ
  return hz < mostHz + GLIDE * track.glideHz() && db < STEADY_DB
}

/** As pure as the noise before it allows; notes of instruments have overtones that it does not hide. */
function leastPurity({ rise }: ToneTrack): number {
  return Math.max(PURE, Math.min(PUREST, 1 - LEAST_IMPURE / rise))
}

/** Out of quiet, and nothing else beside it. */
function isClean({ purity, rise }: ToneTrack): boolean {
  return purity > VERY_PURE && rise > CLEAN_RISE
}

function isSteadyLow(track: ToneTrack, lengthMs: number, hz: number, db: number): boolean {
  // As pure as the noise of the line allows.
  if (lengthMs >= LONG_MS && isClean(track) && hz < STRAIGHT_HZ) return true
  const isPure = track.purity > Math.min(VERY_PURE, 1 - 1.2 / track.rise)
  if (track.glideHz() > LOW_GLIDE_HZ) return isPure && hz < STRAIGHT_LOW_HZ
  if (track.notes > 1) return track.purity > VERY_PURE && hz < STEADY_HZ && db < STEADY_DB
  return (isPure || lengthMs >= CONFIRM_MS) && hz < STEADY_LOW_HZ && db < STEADY_LOW_DB
}

const HOP_MS = 10
const LEAST_LOOKS = 5
const MOST_SWELL_DB = 0.35
const CONFIRM_MS = 130
const CONFIRM_TWO_MS = 150
const CONFIRM_LOW_MS = 160
/** Out of speech or music. */
const CONFIRM_WITHOUT_RISE_MS = 190
const SHORTEST_MS = 70
const LONGEST_MS = 1600
const LOWEST_HZ = 380
/** Of two notes, the one that falls. */
const LOWEST_SECOND_HZ = 330
/** The first look is not full of it. */
const LOWEST_FIRST_HZ = 365
const HIGHEST_HZ = 2750
/** Below this, voices are often as pure. */
const VOICE_HZ = 520
const LOW_VOICE_HZ = 420
/** There, the pitch of voices moves by 3 Hz a look and more. */
const LOW_GLIDE_HZ = 1.2
const VERY_PURE = 0.985
const LONG_MS = 250
const TREMBLING_PURE = 0.95
const TREMBLING_HZ = 9
const TREMBLING_DB = 1.2
const STRAIGHT_HZ = 1.5
/** Nor on so straight a line. */
const STRAIGHT_LOW_HZ = 0.5
/** Looks that see a note and something else. */
const EDGE_LOOKS = 3
const PURE = 0.92
const PUREST = 0.96
const PUREST_OF_ALL = 0.99
const FIRM_HZ = 0.6
const FIRM_DB = 0.4
const LEAST_IMPURE = 1.6
const STEADY_HZ = 2.2
/** Codecs of mobile telephones make a tone tremble; a long one above most voices is believed even so. */
const STEADY_CODED_HZ = 4.2
const CODED_MS = 170
const CODED_HZ = 600
/** What a look misses of a frequency that moves. */
const GLIDE = 0.04
const STEADY_LOW_HZ = 1.2
const STEADY_DB = 0.9
const STEADY_LOW_DB = 0.5
/** 6 dB. */
const RISE = 4
/** 9 dB. */
const CLEAR_RISE = 8
/** 20 dB. */
const CLEAN_RISE = 100
const MOST_NOTES = 3
const QUIET_HOPS = 4
const PATIENT_QUIET_HOPS = 15

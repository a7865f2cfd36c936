import type { ToneTrack } from './tone-track.ts'

/** Below this, voices are often as pure. Hz. */
export const VOICE_HZ = 520
/** No voice has a pitch as high as this. Hz. */
export const HIGH_HZ = 1000
/** Few sounds of voices are as even for so long. */
export const LONG_MS = 250
/** How much louder a tone has to be than what was before it, where that has to be clear: 9 dB, as a ratio of powers. */
export const CLEAR_RISE = 8

/** No voice and no instrument is so pure and so steady. */
export function isUnmistakable(track: ToneTrack): boolean {
  const { purity, lowestHz, notes } = track
  if (notes > 1 || purity < PUREST_OF_ALL) return false
  const [hz, db] = [track.unsteadyHz(), track.unsteadyDb()]
  return (hz < FIRM_HZ && db < FIRM_DB && lowestHz > VOICE_HZ) || (hz < RIGID_HZ && db < RIGID_DB)
}

/** Voices are steady for a few looks only, and in between them they are not. */
export function isSteady(track: ToneTrack, lengthMs: number): boolean {
  const lowestHz = Math.min(track.lowestHz, track.hz)
  const isLow = lowestHz < (track.notes > 1 && isClean(track) ? LOWEST_SECOND_HZ : LOWEST_HZ)
  if (isLow || lowestHz > HIGHEST_HZ || track.notes > MOST_NOTES) return false
  // Voices glide into what looks like a tone.
  if (track.firstHz < LOWEST_FIRST_HZ) return false
  if (isNote(track) && !isUnmistakable(track)) return false
  if (isVoice(track) && lengthMs < LONG_MS && !isClean(track)) return false
  // Overtones of voices may lie where those of squares do, and glide.
  if (track.isSquare && track.glideHz() > Math.max(SQUARE_GLIDE_HZ, SQUARE_MOVE_HZ / track.looks)) return false
  if (isHighTone(track, lengthMs)) return true
  const looks = ((lengthMs - track.lostMs) / HOP_MS) * LEAST_SEEN - track.notes * EDGE_LOOKS - 1
  if (track.allLooks < looks || track.purity < leastPurity(track)) return false
  const hz = Math.max(track.worstHz, track.unsteadyHz())
  const db = Math.max(track.worstDb, track.unsteadyDb())
  if (mayTremble(track, lengthMs, lowestHz, hz, db)) return true
  if (lowestHz < VOICE_HZ) return isSteadyLow(track, lengthMs, hz, db)
  const isFirm = lengthMs >= CODED_MS || isClean(track)
  const mostHz = isFirm && lowestHz > CODED_HZ ? STEADY_CODED_HZ : STEADY_HZ
  return hz < mostHz + GLIDE * track.glideHz() && db < STEADY_DB
}

/** Of an instrument: machines make sines and squares, which have no octave. */
function isNote({ octaves, allLooks }: ToneTrack): boolean {
  return octaves > MOST_OCTAVES * allLooks
}

/** Two overtones of one voice, one above the other: they lie as far apart as its pitch is high. */
function isVoice({ isTwo, isSquare, hz, secondHz }: ToneTrack): boolean {
  const pitchHz = secondHz - hz
  if (!isTwo || isSquare || pitchHz < LOWEST_PITCH_HZ || pitchHz > HIGHEST_PITCH_HZ) return false
  const overtone = hz / pitchHz
  return Math.abs(overtone - Math.round(overtone)) < OVERTONE_OFF
}

/** Tones that codecs make tremble, and two so near that they beat: pure as they are, or long, they are no voices. */
function mayTremble(track: ToneTrack, lengthMs: number, lowestHz: number, hz: number, db: number): boolean {
  if (hz > TREMBLING_HZ || track.rise < CLEAR_RISE) return false
  // No voice has so high a pitch, and no formant is so narrow.
  const isHigh = lowestHz > HIGH_HZ && track.notes === 1 && db < HIGH_DB
  if (isHigh && (track.purity > HIGH_PURE || (track.isTwo && lengthMs >= LONG_MS))) return true
  if (lengthMs < LONG_MS || db > TREMBLING_DB) return false
  return track.isTwo ? track.purity > TREMBLING_TWO_PURE : track.purity > TREMBLING_PURE && lowestHz > CODED_HZ
}

/**
 * No voice has so high a pitch, and no formant is so narrow: so a tone may be in the noise that codecs put beside it, and be
 * hidden by it now and then.
 */
function isHighTone(track: ToneTrack, lengthMs: number): boolean {
  if (track.lowestHz < HIGH_HZ || track.notes > 1 || track.rise < CLEAR_RISE || track.unsteadyDb() > HIGH_DB)
    return false
  if (track.allLooks * HOP_MS < LEAST_HIGH_SEEN * (lengthMs - track.lostMs)) return false
  const hz = track.unsteadyHz()
  if (track.isTwo) return !track.isSquare && lengthMs >= LONG_MS && track.purity > PURE && hz < TREMBLING_HZ
  return track.purity > HIGH_BLURRED && hz < STEADY_HZ + GLIDE * track.glideHz()
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
  if (track.glideHz() > LOW_GLIDE_HZ) return isPure && hz < STRAIGHT_LOW_HZ && track.looks >= LEAST_GLIDING_LOOKS
  // Codecs make it tremble, and leave it as pure.
  const isCoded = lengthMs >= LOW_CODED_MS && track.rise > LOW_CODED_RISE && track.purity > LOW_CODED_PURE
  if (isCoded && track.notes === 1 && hz < LOW_CODED_HZ && db < LOW_CODED_DB) return true
  if (track.notes > 1) return track.purity > VERY_PURE && hz < STEADY_HZ && db < STEADY_DB
  return (isPure || lengthMs >= CONFIRM_MS) && hz < STEADY_LOW_HZ && db < STEADY_LOW_DB
}

const HOP_MS = 10
const CONFIRM_MS = 130
const LOWEST_HZ = 380
/** Of two notes, the one that falls. */
const LOWEST_SECOND_HZ = 300
/** The first look is not full of it. */
const LOWEST_FIRST_HZ = 365
const HIGHEST_HZ = 2750
/** There, the pitch of voices moves by 3 Hz a look and more. */
const LOW_GLIDE_HZ = 1.2
/** Fewer are on a line by chance. */
const LEAST_GLIDING_LOOKS = 6
const VERY_PURE = 0.985
const MOST_OCTAVES = 0.4
const LOWEST_PITCH_HZ = 80
const HIGHEST_PITCH_HZ = 400
/** Of the pitch. */
const OVERTONE_OFF = 0.03
const SQUARE_GLIDE_HZ = 0.5
/** In all: as much as a look is off that is not full of it. */
const SQUARE_MOVE_HZ = 6
const TREMBLING_PURE = 0.97
const TREMBLING_TWO_PURE = 0.95
const TREMBLING_HZ = 9
const TREMBLING_DB = 1.2
const STRAIGHT_HZ = 2.2
const HIGH_PURE = 0.97
const HIGH_DB = 3
const HIGH_BLURRED = 0.88
const LEAST_HIGH_SEEN = 0.5
/** Nor on so straight a line. */
const STRAIGHT_LOW_HZ = 0.65
/** Looks that see a note and something else. */
const EDGE_LOOKS = 3
/** Of the others, noise and codecs hide some. */
const LEAST_SEEN = 0.92
const PURE = 0.92
const PUREST = 0.96
const PUREST_OF_ALL = 0.99
const FIRM_HZ = 0.6
const FIRM_DB = 0.4
const RIGID_HZ = 0.25
const RIGID_DB = 0.08
const LEAST_IMPURE = 1.6
const STEADY_HZ = 2.2
/** Codecs of mobile telephones make a tone tremble; a long one above most voices is believed even so. */
const STEADY_CODED_HZ = 4.2
const CODED_MS = 170
const CODED_HZ = 600
/** What a look misses of a frequency that moves. */
const GLIDE = 0.04
const STEADY_LOW_HZ = 1.2
const LOW_CODED_MS = 200
/** 16 dB. */
const LOW_CODED_RISE = 40
const LOW_CODED_PURE = 0.978
const LOW_CODED_HZ = 2.5
const LOW_CODED_DB = 0.7
const STEADY_DB = 0.9
const STEADY_LOW_DB = 0.5
/** 20 dB. */
const CLEAN_RISE = 100
const MOST_NOTES = 3

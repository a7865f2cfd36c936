import { isUnmistakable } from './tone-steadiness.ts'
import type { ToneTrack } from './tone-track.ts'

/** The key that two frequencies are (ITU-T Q.23), or `undefined`. */
export function keyOf({ hz, secondHz, isTwo }: ToneTrack): string | undefined {
  if (!isTwo) return undefined
  const row = ROWS_HZ.findIndex((each) => Math.abs(hz - each) <= KEY_OFF * each)
  const column = COLUMNS_HZ.findIndex((each) => Math.abs(secondHz - each) <= KEY_OFF * each)
  return row < 0 || column < 0 ? undefined : KEYS[4 * row + column]
}

/**
 * Whether a tone may be one that networks, fax machines or telephones send, which is no beep unless somebody has spoken
 * before it: ringback, busy and congestion; special information; the tones of fax machines; keys.
 */
export function isSignalTone(track: ToneTrack): boolean {
  // Of all these, only special information has several notes.
  if (track.notes > 1 && track.looks > EDGE_LOOKS)
    return isInformationTone(track) || Math.abs(track.hz - LAST_INFORMATION_HZ) <= INFORMATION_OFF_HZ
  return isCallTone(track) || isInformationTone(track) || (!isChirp(track) && isLoneSignal(track))
}

/** What glides so far and so evenly is no tone that a machine holds, though it may pass by one. */
function isChirp(track: ToneTrack): boolean {
  return (
    track.looks >= CHIRP_LOOKS && track.hz > HIGHEST_CALL_TONE_HZ && track.glideHz() > CHIRP_HZ && isUnmistakable(track)
  )
}

function isLoneSignal(track: ToneTrack): boolean {
  return SIGNALS_HZ.some(([hz, offHz]) => Math.abs(track.firstHz - hz) <= offHz || Math.abs(track.hz - hz) <= offHz)
}

/** Whether a tone is one that is no beep whenever it comes: two frequencies that only networks and telephones put together. */
export function isPairOfNetwork(track: ToneTrack): boolean {
  if (keyOf(track) !== undefined) return true
  if (!track.isTwo) return false
  return PAIRS_HZ.some(
    ([low, high, offHz]) => Math.abs(track.hz - low) <= PAIR_OFF_HZ && Math.abs(track.secondHz - high) <= offHz,
  )
}

/** Whether a tone may be the first of special information, which others follow at once. */
export function isInformationTone({ firstHz }: ToneTrack): boolean {
  return firstHz > LOWEST_INFORMATION_HZ && firstHz < HIGHEST_INFORMATION_HZ
}

/** Whether a tone may be the second or third of special information. */
export function isLaterInformationTone({ firstHz }: ToneTrack): boolean {
  return LATER_INFORMATION_HZ.some((hz) => Math.abs(firstHz - hz) <= INFORMATION_OFF_HZ)
}

/** Whether a tone is as low as ringback, busy and congestion are. */
export function isCallTone({ hz, firstHz }: ToneTrack): boolean {
  return Math.min(hz, firstHz) <= HIGHEST_CALL_TONE_HZ
}

/** In which another note is no more than the end of the first. */
const EDGE_LOOKS = 5
const ROWS_HZ = [697, 770, 852, 941]
const COLUMNS_HZ = [1209, 1336, 1477, 1633]
const KEYS = '123A456B789C*0#D'
/** The 1.8 % of Q.24, and what a look does not see. */
const KEY_OFF = 0.02
/** 480 Hz of North America, and what the window makes of two tones next to one another. */
const HIGHEST_CALL_TONE_HZ = 525
/** A look. */
const CHIRP_HZ = 3
const CHIRP_LOOKS = 8
/** What else occurs alone: half of busy, special information, call waiting, calling and answering fax machines. */
const SIGNALS_HZ: readonly (readonly [hz: number, offHz: number])[] = [
  [620, 20],
  [1100, 45],
  [2100, 25],
]
/** 913.8 Hz to 985.2 Hz, with what may be off; mailboxes beep with 1,000 Hz. */
const LOWEST_INFORMATION_HZ = 895
const HIGHEST_INFORMATION_HZ = 996
const LATER_INFORMATION_HZ = [1400, 1800]
const LAST_INFORMATION_HZ = 1800
const INFORMATION_OFF_HZ = 60
const PAIR_OFF_HZ = 20
/** And by how much the higher may be off: one that is near to the other is seen less well. */
const PAIRS_HZ = [
  [350, 440, 20],
  [400, 450, 20],
  [440, 480, 20],
  [480, 620, 13],
] as const

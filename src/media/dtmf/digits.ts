import type { ToneStep } from '../engine/play-source.ts'

/** The sixteen keys in the order of their event codes (RFC 4733 section 3.2). */
const KEYS = '0123456789*#ABCD'

/** A press, and the pause after it, as a sender of ours times them (ITU-T Q.24 asks for at least 40 ms each). */
export const DIGIT_MS = 100
export const DIGIT_GAP_MS = 50
/** What a comma among the digits stands for. */
export const COMMA_MS = 500

/** The event code of a key `0-9 * # A-D`, or -1. */
export function eventOfDigit(digit: string): number {
  return digit.length === 1 ? KEYS.indexOf(digit) : -1
}

/** The key of an event code 0..15, or `undefined`: other events are no digits. */
export function digitOfEvent(event: number): string | undefined {
  return KEYS[event]
}

/** The first character of `digits` that cannot be sent (neither a key nor a comma), or `undefined`. */
export function unsendableDigit(digits: string): string | undefined {
  return [...digits].find((digit) => digit !== ',' && eventOfDigit(digit) < 0)
}

/**
 * Digits as sound (ITU-T Q.23), for far ends that did not agree to telephone events: -9 dBm0 for the low group and
 * 2 dB more for the high one, which lines attenuate more.
 */
export function digitTones(digits: string): ToneStep[] {
  return [...digits].flatMap((digit): ToneStep[] => {
    if (digit === ',') return [{ durationMs: COMMA_MS, add: 'summation' }]
    const at = KEYPAD.indexOf(digit)
    return [
      {
        tone1: { frequencyHz: LOW_GROUP_HZ[at >> 2]!, amplitude: 9 },
        tone2: { frequencyHz: HIGH_GROUP_HZ[at & 3]!, amplitude: 7 },
        durationMs: DIGIT_MS,
        add: 'summation',
      },
      { durationMs: DIGIT_GAP_MS, add: 'summation' },
    ]
  })
}

/** The keypad by rows: a row shares its low frequency, a column its high one. */
export const KEYPAD = '123A456B789C*0#D'
export const LOW_GROUP_HZ: readonly number[] = [697, 770, 852, 941]
export const HIGH_GROUP_HZ: readonly number[] = [1209, 1336, 1477, 1633]

import type { ToneStep } from '../engine/play-source.ts'
import { NATIONAL_TONES, type NationalTones, nationalTonesOf } from '../tone/national-tones.ts'

/**
 * How a network times the tones that it sends a caller whose call does not get through. Where busy and congestion have
 * one frequency, only the cadence tells them apart, and what is busy in one country is congestion in another.
 */
export interface TonePlan {
  /** Busy: sound and pause of one length. The lengths that occur, ms. */
  readonly busyMs: readonly number[]
  /** Congestion, in the same way. */
  readonly congestionMs: readonly number[]
  /** Number unobtainable: one frequency without a pause. In Hz; `undefined` where that is nothing, or a dial tone. */
  readonly unobtainableHz?: number
}

const ALL: readonly NationalTones[] = Object.values(NATIONAL_TONES)

/**
 * Busy is slow and congestion fast (ITU-T E.180 sections 6 and 7): up to 250 ms nearly everywhere. Each may last a tenth more
 * or less, so that 300 ms, which is busy in some countries, cannot be told from it where nobody says whose tone it is.
 */
const isUsualCongestion = (ms: number): boolean => ms <= 250
const isUsualBusy = (ms: number): boolean => 0.9 * ms > 1.1 * 250

/** The lengths that occur on the side of the line where they belong. */
export const USUAL_PLAN: TonePlan = {
  busyMs: lengthsOf(ALL.map(({ busy }) => busy)).filter(isUsualBusy),
  congestionMs: lengthsOf(ALL.map(({ congestion }) => congestion)).filter(isUsualCongestion),
}

/** Of 480 + 620 Hz, which has no other cadences. */
export const AMERICAN_PLAN: TonePlan = { busyMs: [500], congestionMs: [250] }

/** A tone of 400 Hz without a pause (BT SIN 350), where a dial tone is another. */
const BRITISH_PLAN: TonePlan = { ...USUAL_PLAN, unobtainableHz: 400 }

/**
 * The plan of a country, by its code of ISO 3166, where that is on the other side of the line with one of its tones, or
 * has one that others do not have.
 * @returns for any other country, and for `undefined`, {@link USUAL_PLAN}
 */
export function tonePlanOf(country: string | undefined): TonePlan {
  const tones = country === undefined ? undefined : nationalTonesOf(country)
  if (tones === undefined) return USUAL_PLAN
  if (tones === NATIONAL_TONES.GB) return BRITISH_PLAN
  const busyMs = lengthsOf([tones.busy])
  // Where both are the same, the line is in use more often than the network is.
  const congestionMs = lengthsOf([tones.congestion]).filter((ms) => !busyMs.includes(ms))
  const isUsual = busyMs.every(isUsualBusy) && congestionMs.every(isUsualCongestion)
  return isUsual ? USUAL_PLAN : { busyMs, congestionMs }
}

/**
 * Cadences of congestion that nobody uses for anything else: sound, pause, sound, pause, ... in ms. Great Britain,
 * Spain, Brazil, Sweden.
 */
export const UNMISTAKABLE_CONGESTION: readonly (readonly number[])[] = ALL.map(({ congestion }) =>
  congestion.map(({ durationMs }) => durationMs),
).filter((steps) => !isEven(steps))

/** The lengths of sounds of those tones that sound and pause equally long, each once. */
function lengthsOf(tones: readonly (readonly ToneStep[])[]): number[] {
  const cadences = tones.map((steps) => steps.map(({ durationMs }) => durationMs)).filter(isEven)
  return [...new Set(cadences.map(([onMs = 0]) => onMs))].sort((a, b) => a - b)
}

function isEven(steps: readonly number[]): boolean {
  return steps.length === 2 && steps[0] === steps[1]
}

import type { ToneStep } from '../engine/control.ts'
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
}

const ALL: readonly NationalTones[] = Object.values(NATIONAL_TONES)

/**
 * Busy is slow and congestion fast (ITU-T E.180 sections 6 and 7), and nearly everywhere the line between them lies
 * between 250 and 300 ms.
 */
const LINE_MS = 275

/** The lengths that occur on the side of the line where they belong. */
export const USUAL_PLAN: TonePlan = {
  busyMs: lengthsOf(ALL.map(({ busy }) => busy)).filter((ms) => ms > LINE_MS),
  congestionMs: lengthsOf(ALL.map(({ congestion }) => congestion)).filter((ms) => ms < LINE_MS),
}

/**
 * The plan of a country, by its code of ISO 3166, where that is on the other side of the line with one of its tones.
 * @returns for any other country, and for `undefined`, {@link USUAL_PLAN}
 */
export function tonePlanOf(country: string | undefined): TonePlan {
  const tones = country === undefined ? undefined : nationalTonesOf(country)
  if (tones === undefined) return USUAL_PLAN
  const busyMs = lengthsOf([tones.busy])
  // Where both are the same, the line is in use more often than the network is.
  const congestionMs = lengthsOf([tones.congestion]).filter((ms) => !busyMs.includes(ms))
  const isUsual = busyMs.every((ms) => ms > LINE_MS) && congestionMs.every((ms) => ms < LINE_MS)
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

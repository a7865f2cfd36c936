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

/**
 * The plan of a country, by its code of ISO 3166. Cadences are those of ITU-T E.180 supplement 2.
 * @returns for a country that keeps to the usual cadences, and for `undefined`, {@link USUAL_PLAN}
 */
export function tonePlanOf(country: string | undefined): TonePlan {
  return (country === undefined ? undefined : PLANS[country.toUpperCase()]) ?? USUAL_PLAN
}

/**
 * Busy is slow and congestion fast (ITU-T E.180 sections 6 and 7), and nearly everywhere the line between them lies
 * between 250 and 300 ms.
 */
export const USUAL_PLAN: TonePlan = {
  busyMs: [300, 330, 350, 375, 400, 480, 500, 750],
  congestionMs: [167, 200, 240, 250],
}

const PLANS: Readonly<Record<string, TonePlan>> = {
  BR: { busyMs: [250], congestionMs: [] },
  CN: { busyMs: [350], congestionMs: [700] },
  ES: { busyMs: [200], congestionMs: [] },
  MX: { busyMs: [250], congestionMs: [] },
  SE: { busyMs: [250], congestionMs: [] },
  TH: { busyMs: [500], congestionMs: [300] },
}

/**
 * Cadences of congestion that nobody uses for anything else: sound, pause, sound, pause, ... in ms. Great Britain,
 * Spain, Brazil, Sweden.
 */
export const UNMISTAKABLE_CONGESTION: readonly (readonly number[])[] = [
  [400, 350, 225, 525],
  [200, 200, 200, 200, 200, 600],
  [250, 250, 750, 250],
  [250, 750],
]

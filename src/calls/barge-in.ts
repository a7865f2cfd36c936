import { UsageError } from '../kit/index.ts'

/**
 * What of the far end cuts short what is played: a new digit, speech, or whichever comes first. `true` is 'digit'.
 *
 * While something is played, only speech from -34 dBm0 on is believed, and some 40 ms more of it than otherwise: the rest
 * may be an echo of ours. There is no echo canceller, so on a line that gives back more than that use 'digit'.
 */
export type BargeIn = boolean | 'digit' | 'speech' | 'both'

/** What the media engine is told. */
export interface BargeInCommand {
  readonly bargeIn: boolean
  readonly bargeInOnSpeech?: true
}

/** @throws UsageError for anything else, naming `what` */
export function bargeInOf(what: string, bargeIn: BargeIn = false): BargeInCommand {
  if (typeof bargeIn !== 'boolean' && !['digit', 'speech', 'both'].includes(bargeIn))
    throw new UsageError(`${what}: bargeIn must be true, false, 'digit', 'speech' or 'both', not ${String(bargeIn)}`)
  return {
    bargeIn: bargeIn === true || bargeIn === 'digit' || bargeIn === 'both',
    ...((bargeIn === 'speech' || bargeIn === 'both') && { bargeInOnSpeech: true }),
  }
}

import { UsageError } from '../../kit/index.ts'
import type { Channel } from '../channel.ts'
import { type AskOptions, checkWhole, collect } from './collect.ts'

/** What {@link getNumber} asks for. */
export interface NumberOptions extends AskOptions {
  /** Least number that is right, 0 or above. Default 0. */
  readonly min?: number
  /** Greatest number that is right. */
  readonly max: number
  /** Keys that end the entry. Default '#'. */
  readonly end?: string
}

/**
 * Asks a caller for a whole number. As many digits as the greatest has need no end digit.
 * @returns the number, or `undefined` when none of the attempts gave one from `min` to `max`
 * @throws as {@link collect}
 */
export async function getNumber(channel: Channel, options: NumberOptions): Promise<number | undefined> {
  const { min = 0, max, ...asking } = options
  checkWhole('getNumber: max', max, 0, Number.MAX_SAFE_INTEGER)
  if (!Number.isInteger(min) || min < 0 || min > max)
    throw new UsageError(`getNumber: min must be a whole number from 0 to ${max}, not ${min}`)
  const valid = (digits: string): boolean => /^\d+$/.test(digits) && Number(digits) >= min && Number(digits) <= max
  const digits = await collect(channel, { ...asking, maxDigits: String(max).length, valid })
  return digits === undefined ? undefined : Number(digits)
}

import { UsageError } from '../../kit/index.ts'
import type { Channel } from '../channel.ts'
import { type AskOptions, collect } from './collect.ts'

/** What {@link menu} offers. */
export interface MenuOptions<Choice> extends AskOptions {
  /** What each key, or each short number, stands for. */
  readonly choices: Readonly<Record<string, Choice>>
}

/**
 * Lets a caller choose by a key.
 *
 *     const next = await menu(channel, { prompt: 'menu.wav', choices: { 1: sales, 2: support } })
 *     await next?.(channel)
 *
 * @returns what the key stands for, or `undefined` when none of the attempts gave one that stands for something
 * @throws as {@link collect}
 */
export async function menu<Choice>(channel: Channel, options: MenuOptions<Choice>): Promise<Choice | undefined> {
  const { choices, ...asking } = options
  const keys = Object.keys(choices)
  if (keys.length === 0 || keys.some((key) => !/^[0-9A-D*#]{1,8}$/.test(key)))
    throw new UsageError(`menu: choices must have keys of 1 to 8 of 0-9 A-D * #, not ${JSON.stringify(keys)}`)
  const maxDigits = Math.max(...keys.map((key) => key.length))
  // A key that stands for something ends nothing.
  const end = keys.some((key) => key.includes('#')) ? '' : '#'
  const key = await collect(channel, { ...asking, maxDigits, end, valid: (entry) => Object.hasOwn(choices, entry) })
  return key === undefined ? undefined : choices[key]
}

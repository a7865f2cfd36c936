import { UsageError } from '../../kit/index.ts'
import type { Channel } from '../channel.ts'
import type { AskOptions } from './collect.ts'
import { menu } from './menu.ts'

/** What {@link confirm} asks. */
export interface ConfirmOptions extends AskOptions {
  /** The key for yes. Default '1'. */
  readonly yes?: string
  /** The key for no. Default '2'. */
  readonly no?: string
}

/**
 * Asks a caller for yes or no.
 * @returns the answer, or `undefined` when none of the attempts gave one
 * @throws as {@link collect}
 */
export async function confirm(channel: Channel, options: ConfirmOptions): Promise<boolean | undefined> {
  const { yes = '1', no = '2', ...asking } = options
  if (yes === no) throw new UsageError(`confirm: yes and no cannot both be ${yes}`)
  return menu(channel, { ...asking, choices: { [yes]: true, [no]: false } })
}

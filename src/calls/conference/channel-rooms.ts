import type { ChannelCore } from '../channel-core.ts'
import { checkTimeout } from '../channel-options.ts'
import { checkCarrier } from '../transfer/channel-transfers.ts'
import { type ConferenceOptions, takeSettings } from './party-settings.ts'
import { RoomVisit } from './room-visit.ts'
import { assertRoomName } from './rooms.ts'

/**
 * Lets the connected call of a channel into a room. Resolves when it is in, or back.
 *
 * @param carrier the channel that it is transferred on
 * @throws UsageError, Hangup when this cannot be
 */
export async function visitRoom(
  what: string,
  core: ChannelCore,
  room: string,
  options: ConferenceOptions,
  carrier?: ChannelCore,
): Promise<RoomVisit | undefined> {
  assertRoomName(what, room)
  checkTimeout(what, options.timeoutMs)
  const settings = takeSettings(what, core.host, options)
  const leg = core.requireAnswered(what)
  if (carrier !== undefined) checkCarrier(what, core, carrier)
  core.claimTransmitter(what)
  const { timeoutMs = 120_000 } = options
  let visit: RoomVisit | undefined
  await core.do(() => {
    if (leg.isEnding) core.releaseTransmitter()
    else visit = new RoomVisit(core, leg, room, { settings, timeoutMs, ...(carrier && { carrier }) })
  })
  await visit?.settled
  return visit
}

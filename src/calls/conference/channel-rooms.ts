import { Hangup, UsageError } from '../../kit/index.ts'
import type { ChannelCore } from '../channel-core.ts'
import { checkTimeout } from '../channel-options.ts'
import { State } from '../enums.ts'
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
  if (carrier === core) throw new UsageError(`${what}: a channel cannot be transferred on itself; take an idle one`)
  if (carrier?.isClosed) throw new UsageError(`${what}: the channel to transfer on was closed`)
  if (carrier !== undefined && carrier.state !== State.IDLE)
    throw new UsageError(`${what} needs an idle channel to transfer on; this one is ${carrier.state}`)
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

/**
 * Takes the call of a channel back out of its room; resolves when it is back.
 * @throws UsageError when it is in none; Hangup when it has gone
 */
export async function leaveRoom(what: string, core: ChannelCore): Promise<void> {
  const { leg, visit } = core
  if (leg === undefined || leg.isEnding) throw new Hangup(`${what}: the call has ended`)
  if (visit === undefined || leg.state !== State.TRANSFERRED)
    throw new UsageError(`${what} needs a channel in state TRANSFERRED; this one is ${leg.state}`)
  await core.do(() => visit.leave())
}

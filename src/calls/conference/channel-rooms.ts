import { token } from '../../kit/index.ts'
import type { ChannelCore } from '../channel-core.ts'
import { type CallOptions, checkTimeout } from '../channel-options.ts'
import { State } from '../enums.ts'
import type { CallHost } from '../host.ts'
import type { OutgoingLeg } from '../outgoing-leg.ts'
import { checkCarrier } from '../transfer/channel-transfers.ts'
import { type ConferenceOptions, prepareTexts, takeSettings } from './party-settings.ts'
import { RoomVisit } from './room-visit.ts'
import { assertRoomName, TICKET_HEADER } from './rooms.ts'

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
  void prepareTexts(core.host, settings)
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

/**
 * Calls a room, with a ticket that tells there how its party comes.
 *
 * @param place how the channel places calls
 * @throws UsageError when this cannot be
 */
export async function callRoom(
  what: string,
  host: CallHost,
  room: string,
  options: ConferenceOptions,
  place: (to: string, options: CallOptions) => Promise<OutgoingLeg>,
): Promise<OutgoingLeg> {
  assertRoomName(what, room)
  takeSettings(what, host, options)
  const { timeoutMs = 120_000 } = options
  const ticket = token(host.random, 20)
  const placing = place(`room:${room}`, { timeoutMs, headers: { [TICKET_HEADER]: ticket } })
  host.rooms.invite(ticket, options)
  const forget = () => void host.rooms.takeInvitation(ticket)
  const leg = await placing.catch((error: unknown) => {
    forget()
    throw error
  })
  void leg.until(() => leg.state === State.IDLE).then(forget)
  return leg
}

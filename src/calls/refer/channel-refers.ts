import { UsageError } from '../../kit/index.ts'
import type { ChannelCore } from '../channel-core.ts'
import { TransferCause } from '../enums.ts'
import type { Leg } from '../leg.ts'
import { transferForGood } from '../transfer/channel-transfers.ts'
import { Together } from '../transfer/together.ts'
import { planTransfer } from '../transfer/transfer-options.ts'
import { type AttendedTransferOptions, type BlindTransferOptions, planRefer, uriForFarEnd } from './refer-options.ts'
import { type ReferPlan, SentRefer } from './sent-refer.ts'

/**
 * Asks the far end of a channel to call somebody by itself.
 * @returns whether it is with him
 * @throws UsageError, Hangup when this cannot be
 */
export async function transferBlindly(core: ChannelCore, to: string, options: BlindTransferOptions): Promise<boolean> {
  const what = 'blindTransfer'
  const leg = core.requireAnswered(what)
  const plan = {
    ...planRefer(what, core, leg, withoutBridge(options)),
    to: uriForFarEnd(what, core, leg, to),
    target: to,
  }
  const bridge = options.bridgeIfRefused === true ? {} : options.bridgeIfRefused
  if (bridge) planTransfer(`${what}: bridgeIfRefused`, core, to, bridge)
  core.claimTransmitter(what)
  const refer = await send(core, leg, plan)
  if (refer?.refusal !== undefined && bridge && !leg.isEnding) return transferForGood(core, to, bridge)
  return core.transferCause === TransferCause.NORMAL
}

/**
 * Asks the far end of a channel to take our place in the call of another channel.
 * @returns whether it has
 * @throws UsageError, Hangup when this cannot be
 */
export async function transferAttended(
  core: ChannelCore,
  other: ChannelCore,
  options: AttendedTransferOptions,
): Promise<boolean> {
  const what = 'attendedTransfer'
  const leg = core.requireAnswered(what)
  const target = other.requireAnswered(`${what}: the other channel`)
  if (leg === target) throw new UsageError(`${what}: a call cannot be transferred to itself; take another channel`)
  const plan = {
    ...planRefer(what, core, leg, options),
    consultation: { core: other, leg: target },
    target: farEndOf(target),
  }
  core.claimTransmitter(what)
  try {
    other.claimTransmitter(what)
  } catch (error) {
    core.releaseTransmitter()
    throw error
  }
  const refer = await send(core, leg, plan)
  if (refer?.refusal !== undefined && options.bridgeIfRefused === true) await bridge(core, other, leg, target)
  return core.transferCause === TransferCause.NORMAL
}

/** Connects the two here, where the far end would not call the target by itself. */
async function bridge(core: ChannelCore, other: ChannelCore, leg: Leg, target: Leg): Promise<void> {
  let pair: Together | undefined
  await core.do(() => {
    const mayBe = [leg, target].every((each) => each.isConnected && !each.isEnding)
    if (!mayBe || !core.mayTransmit || !other.mayTransmit) return
    for (const each of [core, other]) each.claimTransmitter('attendedTransfer')
    pair = new Together({ core, leg }, { core: other, leg: target })
  })
  if ((await pair?.settled) !== true) return
  core.transferCause = TransferCause.NORMAL
  leg.details.transfer = { target: farEndOf(target), callId: target.details.callId }
}

async function send(core: ChannelCore, leg: Leg, plan: ReferPlan): Promise<SentRefer | undefined> {
  let refer: SentRefer | undefined
  await core.do(() => {
    const { consultation } = plan
    // Either may have ended since this was asked for.
    if (!leg.isEnding && consultation?.leg.isEnding !== true) refer = new SentRefer(core, leg, plan)
    else {
      core.transferCause = leg.isEnding ? TransferCause.HANGUP : TransferCause.TARGETHANGUP
      core.releaseTransmitter()
      consultation?.core.releaseTransmitter()
    }
  })
  await refer?.settled
  return refer
}

function withoutBridge({ bridgeIfRefused: _, ...options }: BlindTransferOptions): AttendedTransferOptions {
  return options
}

/** The URI of who is at the other end. */
function farEndOf({ details: { direction, from, to } }: Leg): string {
  return direction === 'inbound' ? from : to
}

import { Hangup, UsageError } from '../../kit/index.ts'
import type { ChannelCore } from '../channel-core.ts'
import { State, TransferCause } from '../enums.ts'
import { releaseByRefer } from '../refer/release-by-refer.ts'
import { Transfer } from './transfer.ts'
import {
  type ManagedTransferOptions,
  planTransfer,
  type RetrievableTransferOptions,
  type TransferPlan,
} from './transfer-options.ts'

/**
 * Transfers the connected call of a channel for good. Resolves when it is with a target, or back, or gone.
 * @returns whether it is with a target
 * @throws UsageError, Hangup when this cannot be
 */
export async function transferForGood(
  core: ChannelCore,
  to: string | readonly string[],
  options: ManagedTransferOptions,
): Promise<boolean> {
  const what = 'managedTransfer'
  await transfer(what, core, { ...planTransfer(what, core, to, options), isRetrievable: false })
  if (core.transferCause !== TransferCause.NORMAL) return false
  if (options.refer === true) await releaseByRefer(core)
  return true
}

/**
 * Transfers the connected call of a channel on another, which then has the target's. Resolves when it is there, or back, or gone.
 * @throws UsageError, Hangup when this cannot be
 */
export async function transferOnLoan(
  what: string,
  core: ChannelCore,
  carrier: ChannelCore,
  { to, ...options }: RetrievableTransferOptions,
): Promise<void> {
  checkCarrier(what, core, carrier)
  await transfer(what, core, { ...planTransfer(what, core, to, options), isRetrievable: true }, carrier)
}

/** @throws UsageError when a call cannot be transferred on this channel */
export function checkCarrier(what: string, core: ChannelCore, carrier: ChannelCore): void {
  if (carrier === core) throw new UsageError(`${what}: a channel cannot be transferred on itself; take an idle one`)
  if (carrier.isClosed) throw new UsageError(`${what}: the channel to transfer on was closed`)
  if (carrier.state !== State.IDLE)
    throw new UsageError(`${what} needs an idle channel to transfer on; this one is ${carrier.state}`)
}

/**
 * Takes the transferred call of a channel back, from a room or a target; resolves when it is back, or gone.
 * @throws UsageError when it was not transferred; Hangup when it has gone
 */
export async function takeBack(what: string, core: ChannelCore): Promise<void> {
  const { leg, away } = core
  if (leg === undefined || leg.isEnding) throw new Hangup(`${what}: the call has ended`)
  if (away === undefined || leg.state !== State.TRANSFERRED)
    throw new UsageError(`${what} needs a channel in state TRANSFERRED; this one is ${leg.state}`)
  await core.do(() => away.leave())
  await leg.until(() => leg.isEnding || (leg.state !== State.TRANSFERRED && leg.state !== State.RECONNECTING))
}

async function transfer(what: string, core: ChannelCore, plan: TransferPlan, carrier?: ChannelCore): Promise<void> {
  const leg = core.requireAnswered(what)
  core.claimTransmitter(what)
  let running: Transfer | undefined
  await core.do(() => {
    // Either may have happened since this was asked for.
    const isTaken = carrier !== undefined && carrier.state !== State.IDLE
    if (leg.isEnding || isTaken) {
      core.transferCause = leg.isEnding ? TransferCause.HANGUP : TransferCause.FAIL
      core.releaseTransmitter()
    } else running = new Transfer(core, leg, plan, carrier)
  })
  await running?.settled
}

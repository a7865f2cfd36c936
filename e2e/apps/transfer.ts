import { inbound, type ManagedTransferOptions } from 'ringdown'
import { Reporter } from './report.ts'

/** What the caller asks for, in a header of his INVITE. */
export interface TransferWish {
  readonly to: string
  /** He is to be had back, and the target is on a channel of the application. */
  readonly isOnLoan?: boolean
  readonly options?: ManagedTransferOptions
}

/** Transfers the caller as he wants to be. When he is back he hears a tone of 400 Hz. */
export default inbound(async (channel, { extraChannels: [other] }) => {
  const reporter = new Reporter('transfer', channel)
  const { to, isOnLoan = false, options = {} } = JSON.parse(channel.sip.requestHeader('X-Wish') ?? '{}') as TransferWish
  if (other === undefined) return
  await channel.answer()
  const isThere = isOnLoan
    ? (await channel.retrievableTransfer(other, { to, ...options })) === channel.State.TRANSFERRED
    : await channel.managedTransfer(to, options)
  const settledAt = Date.now()
  if (isOnLoan) await other.waitForIdle()
  if (channel.state() === channel.State.ANSWERED) {
    await channel.tonePlayer.play('BUSY_UK', { timeoutMs: 700 })
    await channel.hangUp()
  }
  await channel.waitForIdle()
  const { rawCause } = channel.details?.transfer ?? {}
  reporter.send({ isThere, settledAt, cause: channel.transferCause(), rawCause })
})

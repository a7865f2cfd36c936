import { outbound } from 'ringdown'
import { Reporter } from './report.ts'

export interface SendOnParameters {
  to: string
  /** Whom the callee is asked to call. */
  target: string
  /** We have called the target already, and the callee is asked to take our place. Default false. */
  isAttended?: boolean
  timeoutMs?: number
}

/** Calls somebody, asks him to call somebody else by himself, and reports what came of it. */
export default outbound(async (channel, app) => {
  const { to, target, isAttended = false, timeoutMs = 10_000 } = app.outboundParameters as unknown as SendOnParameters
  const [other] = app.extraChannels
  const reporter = new Reporter('send-on', channel)
  await channel.call(to)
  if (isAttended) await other?.call(target)
  const isThere =
    isAttended && other !== undefined
      ? await channel.attendedTransfer(other, { timeoutMs })
      : await channel.blindTransfer(target, { timeoutMs })
  const stateAfter = channel.state()
  const targetAfter = other?.state()
  await channel.hangUp()
  await other?.hangUp()
  reporter.send({ isThere, stateAfter, targetAfter, transferCause: channel.transferCause() })
})

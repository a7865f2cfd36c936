import { outbound } from 'ringdown'
import { Reporter } from './report.ts'

export interface SendOnParameters {
  to: string
  /** Whom the callee is asked to call. */
  target: string
  timeoutMs?: number
}

/** Calls somebody, asks him to call somebody else by himself, and reports what came of it. */
export default outbound(async (channel, app) => {
  const { to, target, timeoutMs = 10_000 } = app.outboundParameters as unknown as SendOnParameters
  const reporter = new Reporter('send-on', channel)
  await channel.call(to)
  const isThere = await channel.blindTransfer(target, { timeoutMs })
  const stateAfter = channel.state()
  await channel.hangUp()
  reporter.send({ isThere, stateAfter, transferCause: channel.transferCause() })
})

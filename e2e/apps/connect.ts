import { type Channel, inbound } from 'ringdown'
import { Reporter } from './report.ts'

/** Connects whoever calls to `to`, until both calls are over, and reports how the call to `to` ended. */
export default inbound(async (channel, app) => {
  const other = app.extraChannels[0] as Channel
  const reporter = new Reporter('connect', other)
  await channel.answer()
  await other.call(String(app.parameters.to))
  await channel.connect(other)
  await Promise.all([channel.waitForIdle(), other.waitForIdle()])
  reporter.send()
})

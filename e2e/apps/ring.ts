import { inbound } from 'ringdown'
import { Reporter } from './report.ts'

/** Lets it ring and never answers. */
export default inbound(async (channel) => {
  const reporter = new Reporter('ring', channel)
  await channel.ring()
  await channel.waitForIdle()
  reporter.send()
})

import { inbound, type RejectCause } from 'ringdown'
import { Reporter } from './report.ts'

/** Lets it ring and refuses with `parameters.cause`. */
export default inbound(async (channel, app) => {
  const reporter = new Reporter('reject', channel)
  await channel.ring({ ringTimeMs: 100 })
  await channel.reject(app.parameters.cause as RejectCause)
  reporter.send()
})

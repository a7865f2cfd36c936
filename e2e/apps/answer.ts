import { inbound } from 'ringdown'
import { Reporter } from './report.ts'

/** Answers at once and waits for the caller to hang up. */
export default inbound(async (channel) => {
  const reporter = new Reporter('answer', channel)
  await channel.answer()
  await channel.waitForIdle()
  reporter.send()
})

import { setTimeout as sleep } from 'node:timers/promises'
import { inbound } from 'ringdown'
import { Reporter } from './report.ts'

/** Says nothing at first, so that what the caller has to send is sent by then, and answers. */
export default inbound(async (channel) => {
  const reporter = new Reporter('answer-in-a-while', channel)
  await sleep(150)
  await channel.answer()
  await channel.waitForIdle()
  reporter.send()
})

import { inbound } from 'ringdown'
import { Reporter } from './report.ts'

/** Answers, reports each time that the caller has put it on hold or taken it back, and again when he has hung up. */
export default inbound(async (channel) => {
  const reporter = new Reporter('held', channel)
  for (const change of ['farEndHold', 'farEndRetrieve'] as const) channel.on(change, () => reporter.send({ change }))
  await channel.answer()
  await channel.waitForIdle()
  reporter.send({ change: 'over' })
})

import { inbound } from 'ringdown'
import { Reporter } from './report.ts'

/** Attaches the caller to the voice agent at an address, and reports why that ended. */
export default inbound(async (channel, app) => {
  const reporter = new Reporter('agent', channel)
  await channel.answer()
  const cause = await channel.voiceAgent.connect(String(app.parameters.agent), {
    headers: { authorization: 'Bearer 123' },
    parameters: { from: channel.details?.from ?? '' },
  })
  await channel.waitForIdle()
  reporter.send({ cause, error: channel.voiceAgent.error()?.message })
})

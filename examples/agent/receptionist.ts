import { AgentCause, inbound } from 'ringdown'

/** Lets an AI agent talk with the caller; when it cannot be had, the caller is not left in silence. */
export default inbound(async (channel, app) => {
  await channel.answer()
  const cause = await channel.voiceAgent.connect(String(app.parameters.agent), {
    headers: { Authorization: `Bearer ${process.env.AGENT_KEY ?? ''}` },
    parameters: { caller: channel.details?.from ?? '' },
  })
  if (cause === AgentCause.ERROR) {
    app.log.warn({ err: channel.voiceAgent.error() }, 'the agent is not to be had')
    await channel.filePlayer.say('I am sorry, I cannot help you right now. Please call again later.')
  }
})

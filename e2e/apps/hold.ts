import { inbound } from 'ringdown'
import { Reporter } from './report.ts'

/**
 * Answers, holds the caller with `parameters.music` for three seconds, takes it back, and waits for it to hang up. Reports when
 * it has taken it back, and again when all is over.
 */
export default inbound(async (channel, app) => {
  const reporter = new Reporter('hold', channel)
  await channel.answer()
  const held = await channel.hold({ media: { fileToPlay: String(app.parameters.music) } })
  await channel.waitForIdle({ timeoutMs: 3000 })
  const retrieved = await channel.retrieve()
  reporter.send({ held, retrieved })
  await channel.waitForIdle()
  // What was counted of the media comes a moment later.
  await new Promise((resolve) => setTimeout(resolve, 200))
  reporter.send({ held, retrieved })
})

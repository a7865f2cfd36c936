import { inbound } from 'ringdown'
import { Reporter } from './report.ts'

/**
 * Answers, plays `parameters.play` if given, records what the caller says to `parameters.record`, presses
 * `parameters.press`, and collects the caller's digits until it hangs up.
 */
export default inbound(async (channel, app) => {
  const { play, record, press } = app.parameters as { play?: string; record?: string; press?: string }
  const reporter = new Reporter('listen', channel)
  await channel.answer()
  if (record !== undefined) channel.fileRecorder.start(record)
  const digits = channel.dtmfDetector.getDigits({ interdigitTimeoutMs: 0 })
  const played = play === undefined ? undefined : await channel.filePlayer.play(play)
  const pressed = press === undefined ? undefined : await channel.dtmfPlayer.play(press)
  await channel.waitForIdle()
  const recorded = record === undefined ? undefined : await channel.fileRecorder.waitUntilFinished()
  reporter.send({ digits: await digits, played, pressed, recorded })
})

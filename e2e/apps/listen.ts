import { inbound } from 'ringdown'
import { Reporter } from './report.ts'

/**
 * Answers, says `parameters.say` and plays `parameters.play` if given, records what the caller says to `parameters.record`, presses
 * `parameters.press`, and collects the caller's digits until it hangs up.
 */
export default inbound(async (channel, app) => {
  const { say, play, record, press } = app.parameters as Partial<Record<'say' | 'play' | 'record' | 'press', string>>
  const reporter = new Reporter('listen', channel)
  await channel.answer()
  if (record !== undefined) channel.fileRecorder.start(record)
  const digits = channel.dtmfDetector.getDigits({ interdigitTimeoutMs: 0 })
  const said = say === undefined ? undefined : await channel.filePlayer.say(say)
  const played = play === undefined ? undefined : await channel.filePlayer.play(play)
  const pressed = press === undefined ? undefined : await channel.dtmfPlayer.play(press)
  await channel.waitForIdle()
  const recorded = record === undefined ? undefined : await channel.fileRecorder.waitUntilFinished()
  reporter.send({ digits: await digits, said, played, pressed, recorded })
})

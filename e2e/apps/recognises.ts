import { inbound } from 'ringdown'
import { Reporter } from './report.ts'

/** Answers, and takes down what the caller says, as the recogniser of the exchange understands it; then hangs up. */
export default inbound(async (channel) => {
  const reporter = new Reporter('recognises', channel)
  await channel.answer()
  const said = await channel.speechDetector.recognise({ phrases: ['sales', 'support'], language: 'en-GB' })
  const cause = channel.speechDetector.cause()
  const error = channel.speechDetector.error()?.message
  await channel.hangUp()
  reporter.send({ said, cause, error })
})

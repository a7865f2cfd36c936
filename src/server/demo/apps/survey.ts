import { type Channel, outbound } from 'ringdown'
import type { Outcome, SurveyOrder } from '../survey-order.ts'

/** Calls one after the other, asks whoever answers for a number, collects what is pressed and records what is said. */
export default outbound(async (channel, app) => {
  const { callees, onCalling, onOutcome } = app.outboundParameters as unknown as SurveyOrder
  for (const callee of callees) {
    onCalling(callee)
    const calledAt = performance.now()
    const state = await channel.call(callee.uri, { timeoutMs: callee.timeoutMs })
    const tookMs = performance.now() - calledAt
    const isAnswered = state === channel.State.ANSWERED
    const answers = isAnswered ? await ask(channel, `${callee.name}.wav`) : {}
    const outcome = isAnswered ? 'ANSWERED' : channel.cause()
    onOutcome({ callee, outcome, sip: channel.details?.rawCause, tookMs, ...answers })
  }
})

async function ask(channel: Channel, recording: string): Promise<Pick<Outcome, 'digits' | 'recording'>> {
  channel.fileRecorder.start(recording)
  await channel.filePlayer.say('Hello! Please enter your number, followed by the hash key.', { bargeIn: true })
  const digits = await channel.dtmfDetector.getDigits({ end: '#', predigitsTimeoutMs: 5_000 })
  // The far end says its goodbye and hangs up.
  await channel.waitForIdle({ timeoutMs: 5_000 })
  await channel.hangUp()
  await channel.fileRecorder.waitUntilFinished()
  return { digits, ...(channel.fileRecorder.audioDetectedInRecording() && { recording }) }
}

import { type CodecName, outbound } from 'ringdown'
import { Reporter } from './report.ts'

export interface DialParameters {
  to: string
  timeoutMs?: number
  /** Hang up after this long; absent: wait until the far end does. */
  talkMs?: number
  /** What is offered, in order of preference; absent: the exchange's own. */
  codecs?: CodecName[]
  play?: string
  /** A text that is said, before anything is played. */
  say?: string
  voice?: string
  record?: string
  /** Both sides, in stereo. */
  recordBoth?: string
  press?: string
  /** Further headers of the INVITE. */
  headers?: Record<string, string>
}

/** Places a call as `outboundParameters` say, and reports how it went. */
export default outbound(async (channel, app) => {
  const {
    to,
    timeoutMs = 20_000,
    talkMs,
    codecs,
    play,
    say,
    voice,
    record,
    recordBoth,
    press,
    headers,
  } = app.outboundParameters as unknown as DialParameters
  const reporter = new Reporter('dial', channel)
  const state = await channel.call(to, { timeoutMs, ...(codecs && { codecs }), ...(headers && { headers }) })
  if (state !== channel.State.ANSWERED) {
    reporter.send()
    return
  }
  if (record !== undefined) channel.fileRecorder.start(record)
  if (recordBoth !== undefined) channel.wholeCallRecorder.start(recordBoth, { mode: 'stereo' })
  const digits = channel.dtmfDetector.getDigits({ interdigitTimeoutMs: 0 })
  const said =
    say === undefined ? undefined : await channel.filePlayer.say(say, { ...(voice !== undefined && { voice }) })
  const played = play === undefined ? undefined : await channel.filePlayer.play(play)
  const pressed = press === undefined ? undefined : await channel.dtmfPlayer.play(press)
  await channel.waitForIdle(talkMs === undefined ? {} : { timeoutMs: talkMs })
  await channel.hangUp()
  const recorded = record === undefined ? undefined : await channel.fileRecorder.waitUntilFinished()
  await channel.wholeCallRecorder.waitUntilFinished()
  reporter.send({ digits: await digits, said, played, pressed, recorded })
})

import { type Cause, outbound } from 'ringdown'

/** What the record of the run says of a call that nobody took: 0 is success, -100 and below are the application's own. */
const CODES: Partial<Record<Cause, number>> = { BUSY: -101, NOANSWER: -102, TIMEOUT: -102 }

/** Calls somebody and says one thing. */
export default outbound(async (channel, app) => {
  channel.on('state', ({ sequence, at, state }) => app.log.info({ sequence, at }, `the call is ${state}`))
  channel.on('progress', ({ status, phrase }) => app.log.info({ status, phrase }, 'they say'))
  channel.on('farEndHold', () => app.log.info({}, 'they have put us on hold'))

  const state = await channel.call(String(app.outboundParameters.to), {
    timeoutMs: 30_000,
    headers: { 'X-Campaign': 'reminders' },
  })
  const { details } = channel
  if (state !== channel.State.ANSWERED) {
    if (details?.hasEnded)
      app.log.info({ cause: details.cause, sip: details.rawCause, reason: details.reason }, 'not reached')
    return CODES[channel.cause()] ?? -100
  }
  await channel.filePlayer.play('reminder.wav')
  await channel.hangUp()
  return 0
})

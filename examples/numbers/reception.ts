import { type Channel, inbound } from 'ringdown'

/** Calls the porter; when he is out, the call goes on to his mobile telephone. */
export default inbound(async (caller, app) => {
  const onward = app.extraChannels[0] as Channel
  caller.on('ended', () => void onward.hangUp())
  await caller.ring()

  let state = await onward.call('sip:porter@porter', { timeoutMs: 15_000 })
  if (state !== onward.State.ANSWERED)
    state = await onward.call('07700 900123', {
      diverts: caller,
      diversionReason: onward.cause() === onward.Cause.BUSY ? 'user-busy' : 'no-answer',
    })
  if (state !== onward.State.ANSWERED) {
    await caller.reject('NOANSWER')
    return
  }
  await caller.answer()
  if (await caller.connect(onward)) await Promise.race([caller.waitForIdle(), onward.waitForIdle()])
})

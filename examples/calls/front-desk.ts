import { type Channel, inbound } from 'ringdown'

/** Takes a call, and lets the caller wait with music while the desk is called. */
export default inbound(async (caller, app) => {
  const desk = app.extraChannels[0] as Channel
  // Whoever gives up while the desk rings need not wait for its answer to be heard.
  caller.on('ended', () => void desk.hangUp())

  await caller.ring({ earlyMedia: true, loopRingtone: true, ringTimeMs: 2000 })
  await caller.answer()
  await caller.filePlayer.play('one-moment.wav')

  await caller.hold({ media: { fileToPlay: 'music.wav' } })
  const state = await desk.call('sip:desk@desk', {
    timeoutMs: 20_000,
    headers: { 'X-Waiting': caller.details?.from ?? '' },
  })
  await caller.retrieve()

  if (state === desk.State.ANSWERED && (await caller.connect(desk)))
    await Promise.race([caller.waitForIdle(), desk.waitForIdle()])
  else await caller.filePlayer.play(desk.cause() === desk.Cause.BUSY ? 'desk-busy.wav' : 'nobody-there.wav')
})

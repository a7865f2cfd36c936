import { inbound } from 'ringdown'

/** Beeps, takes keys up to #, logs them, and says by a tone whether they are the right ones. */
export default inbound(async (channel, app) => {
  await channel.answer()
  await channel.tonePlayer.play('BEEP')
  const keys = await channel.dtmfDetector.getDigits({ end: '#', predigitsTimeoutMs: 10_000 })
  app.log.info({ keys }, `the caller pressed ${keys}`)
  await channel.tonePlayer.play(keys === '1234' ? 'RINGBACK' : 'RINGBACK_UK', { loop: true })
})

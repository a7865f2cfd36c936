import { inbound } from 'ringdown'

/** What a softphone reaches: answers, says hello, and presses every key back that is pressed. */
export default inbound(async (channel, app) => {
  const { onCall } = app.parameters as { onCall?: (text: string) => void }
  const caller = channel.details?.from ?? ''
  onCall?.(`${caller} is calling`)
  await channel.ring({ ringTimeMs: 500 })
  await channel.answer()
  await channel.filePlayer.say('Hello, this is Ringdown. Press any key, and I will press it back.', { bargeIn: true })
  while (channel.state() === channel.State.ANSWERED) {
    const digit = await channel.dtmfDetector.getDigits({ count: 1 })
    if (digit === '') break
    onCall?.(`${caller} pressed ${digit}`)
    await channel.dtmfPlayer.play(digit)
  }
  onCall?.(`${caller} hung up`)
})

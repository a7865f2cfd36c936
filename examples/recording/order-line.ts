import { inbound } from 'ringdown'

/** Takes orders. Calls are recorded with consent, in stereo, and never the number of the card. */
export default inbound(async (channel, { log }) => {
  const { filePlayer, dtmfDetector, wholeCallRecorder } = channel
  await channel.answer()
  await filePlayer.play('may-we-record.wav', { bargeIn: true })
  const agrees = (await dtmfDetector.getDigits({ count: 1, predigitsTimeoutMs: 5000 })) === '1'
  if (agrees) {
    const file = `orders/${channel.details?.callId}.wav`
    wholeCallRecorder.start(file, { mode: 'stereo', beepOnStart: true, dtmfElimination: true })
    // The beep has to be over before something else can be played.
    if (!(await wholeCallRecorder.waitUntilBegun())) log.error({ file }, 'this order is not recorded')
  }
  // "Say what you would like, and press a key when that is all."
  await filePlayer.play('what-would-you-like.wav')
  await dtmfDetector.getDigits({ clear: true, count: 1, predigitsTimeoutMs: 60_000 })

  wholeCallRecorder.pause()
  await filePlayer.play('your-card-number.wav', { bargeIn: true })
  const card = await dtmfDetector.getDigits({ clear: true, end: '#', predigitsTimeoutMs: 10_000, private: true })
  wholeCallRecorder.resume()

  await filePlayer.play(isCardNumber(card) ? 'thank-you.wav' : 'that-is-no-card.wav')
  await channel.hangUp()
  if (agrees) log.info({ cause: await wholeCallRecorder.waitUntilFinished() }, 'the recording is complete')
})

/** The check digit of ISO/IEC 7812 (Luhn). */
function isCardNumber(digits: string): boolean {
  const sum = [...digits].reverse().reduce((total, digit, i) => {
    const value = Number(digit) * (i % 2 === 0 ? 1 : 2)
    return total + (value > 9 ? value - 9 : value)
  }, 0)
  return digits.length >= 12 && sum % 10 === 0
}

import { outbound } from 'ringdown'

/** Tells somebody that a parcel has come: a person himself, or his answering machine. */
export default outbound(async (channel, app) => {
  const number = String(app.outboundParameters.number)
  const state = await channel.call(number, {
    liveSpeakerDetect: channel.LiveSpeakerDetectionSettings.DEFAULT,
  })
  if (state !== channel.State.ANSWERED) return 1
  const text = 'Your parcel has arrived. You can collect it until eight.'
  if (channel.details?.farEndType === channel.CallFarEndType.ANSWER_MACHINE) {
    const report = await channel.leaveMessage({ textToSay: text })
    app.log.info({ ...report }, 'a message was left')
    return report.outcome === 'delivered' ? 0 : 2
  }
  // A person, or nobody that can be named: whoever it is, is spoken to.
  await channel.filePlayer.say(text)
  return 0
})

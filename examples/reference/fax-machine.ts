import { outbound } from 'ringdown'

/** Places a call and finds out whether a fax machine has picked up. */
export default outbound(async (channel) => {
  const s = await channel.call('sip:1234@127.0.0.1:5060;user=phone', {
    liveSpeakerDetect: channel.LiveSpeakerDetectionSettings.DEFAULT,
  })
  if (s === channel.State.ANSWERED && channel.details?.farEndType === channel.CallFarEndType.FAX_MACHINE)
    console.log('A fax machine has picked up')
  await channel.hangUp()
})

import { type Channel, inbound } from 'ringdown'

export default inbound(async (channel, app) => {
  const [otherCall] = app.extraChannels as [Channel]
  const { roomName = 'reference' } = app.parameters as { roomName?: string }
  await channel.answer()

  const media = new channel.ConferencePartyMediaSettings({ exitOnDtmfDigit: '#' })
  media.muteOnDtmfDigits.setDigits({ mute: '0', unmute: '1' })
  media.prefixMedia.textToSay('george')
  media.onEntryMedia.textToSay('has joined')
  media.onExitMedia.textToSay('has left')
  const lifetime = new channel.ConferenceLifetimeControl({ startOnEntry: true, destroyOnExit: true })
  if (
    (await channel.transferToConferenceRoom(otherCall, roomName, {
      conferenceLifetimeControl: lifetime,
      conferencePartyMediaSettings: media,
    })) !== channel.State.TRANSFERRED
  )
    console.log('could not transfer the call to the conference')

  // The conference call lasts as long as the caller is in the room.
  await otherCall.waitForIdle()
})

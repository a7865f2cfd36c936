import { inbound } from 'ringdown'

/** Who calls 4001 speaks; who calls 4000 listens, and hears music until somebody speaks. */
export default inbound(async (channel) => {
  const speaks = channel.details?.target.startsWith('sip:4001@') === true
  await channel.answer()
  await channel.joinConferenceRoom('town-hall', {
    talkerAndListener: speaks,
    conferenceLifetimeControl: new channel.ConferenceLifetimeControl({ startOnEntry: speaks }),
    conferencePartyMediaSettings: new channel.ConferencePartyMediaSettings({
      beepOnEntry: false,
      onConferenceStoppedFile: 'music.wav',
    }),
  })
})

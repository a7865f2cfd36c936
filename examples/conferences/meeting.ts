import { inbound } from 'ringdown'

/** Callers say their names, by which the others hear of their coming and going. */
export default inbound(async (channel) => {
  await channel.answer()
  const name = `names/${channel.details?.callId}.wav`
  await channel.filePlayer.say('Please say your name after the tone.')
  await channel.fileRecorder.record(name, { beepOnStart: true, maxSilenceMs: 1000, timeoutMs: 5000 })

  const media = new channel.ConferencePartyMediaSettings({ beepOnEntry: false, exitOnDtmfDigit: '#' })
  media.muteOnDtmfDigits.setDigits({ mute: '6' })
  media.prefixMedia.fileToPlay(name)
  media.onEntryMedia.textToSay('has joined')
  media.onExitMedia.textToSay('has left')

  const why = await channel.joinConferenceRoom('meeting', { conferencePartyMediaSettings: media })
  if (why === 'exitDigit') await channel.filePlayer.say('Goodbye.')
})

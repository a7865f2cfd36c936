import { inbound } from 'ringdown'

/** Lets the caller into the room `meeting` on another channel, and takes him back when he presses `#`. */
export default inbound(async (channel, { extraChannels: [other] }) => {
  await channel.answer()
  if (other === undefined) return
  const media = new channel.ConferencePartyMediaSettings({ exitOnDtmfDigit: '#' })
  await channel.transferToConferenceRoom(other, 'meeting', { conferencePartyMediaSettings: media })
  await other.waitForIdle()
  if (channel.state() === channel.State.ANSWERED) await channel.tonePlayer.play('BUSY_UK')
})

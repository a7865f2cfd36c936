import { type Channel, inbound } from 'ringdown'

const ROOM = 'support'

function settings(channel: Channel, startMuted = false) {
  return new channel.ConferencePartyMediaSettings({ beepOnEntry: false, startMuted })
}

/** Callers talk with the agent, whose number is a parameter of the service. The call is over when the caller hangs up. */
export const support = inbound(async (channel, { extraChannels: [agent], parameters }) => {
  await channel.answer()
  if (agent === undefined || (await agent.call(String(parameters.agent))) !== channel.State.ANSWERED) {
    await channel.filePlayer.say('Nobody is here just now.')
    return
  }
  void agent.joinConferenceRoom(ROOM, { conferencePartyMediaSettings: settings(agent) })
  await channel.joinConferenceRoom(ROOM, {
    conferenceLifetimeControl: new channel.ConferenceLifetimeControl({ destroyOnExit: true }),
    conferencePartyMediaSettings: settings(channel),
  })
})

/** Whoever calls here hears both, and the agent alone hears him: muted until that is settled. */
export const coach = inbound(async (channel, { rooms, parameters }) => {
  const room = rooms.get(ROOM)
  if (room === undefined) {
    await channel.reject('UNOBTAINABLE', { phrase: 'nobody is to be coached' })
    return
  }
  await channel.answer()
  channel.on('conference', async ({ what, isSelf }) => {
    if (what !== 'entered' || !isSelf) return
    const self = room.parties.find(({ callId }) => callId === channel.details?.callId)
    const agent = room.parties.find(({ who }) => who.includes(String(parameters.agent)))
    if (self === undefined || agent === undefined || !(await room.coach(self.id, agent.id))) await channel.hangUp()
    else await room.unmute(self.id)
  })
  await channel.joinConferenceRoom(ROOM, { conferencePartyMediaSettings: settings(channel, true) })
})

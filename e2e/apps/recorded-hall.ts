import { inbound } from 'ringdown'
import { Reporter } from './report.ts'

/** Answers and joins the room `hall`; who enters it first records it in tracks to `parameters.record`, and reports how that went. */
export default inbound(async (channel, { rooms, parameters }) => {
  const reporter = new Reporter('recorded-hall', channel)
  await channel.answer()
  let recorded: Promise<Record<string, unknown>> | undefined
  channel.on('conference', ({ what, isSelf }) => {
    const room = rooms.get('hall')
    if (what !== 'entered' || !isSelf || room === undefined || room.recorder.state() === 'RUNNING') return
    recorded = room.recorder.record(String(parameters.record), { mode: 'tracks' }).then((cause) => ({
      cause,
      error: room.recorder.error()?.message,
      tracks: room.recorder.tracks.map(({ file }) => file),
      parties: room.parties.length,
    }))
  })
  const media = new channel.ConferencePartyMediaSettings({ beepOnEntry: false })
  await channel.joinConferenceRoom('hall', { conferencePartyMediaSettings: media })
  if (recorded !== undefined) reporter.send(await recorded)
})

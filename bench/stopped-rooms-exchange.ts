// The exchange of bench/stopped-rooms.ts, in a process of its own.

import { inbound } from '../dist/index.js'
import { SUBJECT_PORTS } from '../dist/server/bench/plan.js'
import { LOOPBACK, serverOf } from '../dist/server/bench/server-config.js'
import { startServer } from '../dist/server/main.js'
import { reportWhenAsked } from './under-load.ts'

/** What it says when it is asked. */
export interface StoppedRoomsReport {
  /** Of its process, since it was ready. */
  readonly cpuMs: number
  /** Rooms that there are now. */
  readonly rooms: number
  /** RTP packets that were sent in calls that are over. */
  readonly sent: number
}

const [directory = ''] = process.argv.slice(2)

/** Answers, and is alone in a room, which therefore does not start: the caller hears the ringback tone. */
const room = inbound(async (channel) => {
  await channel.answer()
  const conferencePartyMediaSettings = new channel.ConferencePartyMediaSettings({ beepOnEntry: false })
  await channel.joinConferenceRoom(`of-${channel.details?.callId}`, { conferencePartyMediaSettings })
})

/** Answers, and the caller hears nothing. */
const silence = inbound(async (channel) => {
  await channel.answer()
  await channel.waitForIdle()
})

/** Answers, and the caller hears the tone that he would hear in such a room. */
const tone = inbound(async (channel) => {
  await channel.answer()
  await channel.tonePlayer.play('RINGBACK', { loop: true })
})

const services = Object.entries({ room, silence, tone }).map(([name, app]) => ({ name, app }))
const place = { address: LOOPBACK, port: 0, portRange: SUBJECT_PORTS, directory }
const server = await startServer(serverOf({ ...place, services, extraChannels: 0 }))
reportWhenAsked(server, (cpuMs): StoppedRoomsReport => {
  return { cpuMs, rooms: server.sizes().rooms ?? 0, sent: server.counters().packetsSent ?? 0 }
})

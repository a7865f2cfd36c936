import { inbound } from '../../calls/index.ts'
import type { ServiceConfig } from '../config/config.ts'
import type { BenchMode } from './plan.ts'

/** What is played, on both sides: the name of a file in the media store. */
export const PROMPT_FILE = 'prompt.wav'
/** What those play who are silent in a conference: they send packets all the same. */
export const SILENCE_FILE = 'silence.wav'

/** Answers, plays a prompt over and over and listens for digits. */
const ivr = inbound(async (channel) => {
  await channel.answer()
  await channel.filePlayer.play(PROMPT_FILE, { loop: true })
})

/** Answers and says nothing. */
const signalling = inbound(async (channel) => {
  await channel.answer()
  await channel.waitForIdle()
})

/** Answers, calls the other end, which the load answers, and lets the two talk. Ends when either hangs up. */
const bridge = inbound(async (channel, { extraChannels: [other], parameters }) => {
  await channel.answer()
  const state = await other?.call(String(parameters.peer))
  if (other === undefined || state !== channel.State.ANSWERED || !(await channel.connect(other))) return
  const over = channel.waitForIdle()
  await Promise.race([over, other.waitForIdle()])
})

/** Answers, and is in the first room that is not full: they are filled in the order in which calls come. */
const conference = inbound(async (channel, { rooms }) => {
  let number = 0
  while (rooms.refusal(`bench-${number}`) !== undefined) number++
  const room = `bench-${number}`
  rooms.claim(room, channel)
  await channel.answer()
  const conferencePartyMediaSettings = new channel.ConferencePartyMediaSettings({ beepOnEntry: false })
  await channel.joinConferenceRoom(room, { conferencePartyMediaSettings })
})

/** The services of the exchange under test, each reached by the name of its mode. */
export function subjectServices(peer: string): readonly ServiceConfig[] {
  const apps = { ivr, bridge, signalling, conference } satisfies Record<BenchMode, unknown>
  return Object.entries(apps).map(([name, app]) => ({ name, app, parameters: { peer } }))
}

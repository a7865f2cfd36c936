import { mkdirSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { defineConfig, inbound } from 'ringdown'
import { ulawPrompt } from './prompt.ts'

// Far ends for load generators: npx ringdown serve bench/peers.config.ts

const directory = join(tmpdir(), 'ringdown-bench')
mkdirSync(directory, { recursive: true })
writeFileSync(join(directory, 'prompt.ul'), ulawPrompt(30))

/** Answers and stays silent. */
const answer = inbound(async (channel) => {
  await channel.answer()
  await channel.waitForIdle()
})

/** Answers and plays a prompt of 30 s over and over. */
const play = inbound(async (channel) => {
  await channel.answer()
  await channel.filePlayer.play('prompt.ul', { loop: true })
})

/** Rings and never answers. */
const ring = inbound(async (channel) => {
  await channel.ring()
  await channel.waitForIdle()
})

/** Answers and lets the caller into the room that he has dialled: conf1, conf2, ... */
const conference = inbound(async (channel) => {
  const room = /^sip:(\w+)@/.exec(channel.details?.target ?? '')?.[1] ?? 'conf'
  await channel.answer()
  const conferencePartyMediaSettings = new channel.ConferencePartyMediaSettings({ beepOnEntry: false })
  await channel.joinConferenceRoom(room, { conferencePartyMediaSettings })
})

/** Answers, dials the load generator's own answering side and connects the two. */
const bridge = inbound(async (channel, { extraChannels: [other] }) => {
  await channel.answer()
  const state = await other?.call('sip:peer@127.0.10.2:15060')
  if (other !== undefined && state === channel.State.ANSWERED) await channel.connect(other)
  await channel.waitForIdle()
})

export default defineConfig({
  sip: {
    listen: [
      { transport: 'udp', address: '127.0.10.1', port: 5060 },
      { transport: 'tcp', address: '127.0.10.1', port: 5060 },
    ],
  },
  services: [
    { name: 'answer', app: answer },
    { name: 'play', app: play },
    { name: 'ring', app: ring },
    { name: 'bridge', app: bridge },
    { name: 'conf', match: 'conf*', app: conference },
  ],
  authentication: { strangers: 'allow' },
  limits: { extraChannels: 1 },
  files: { directory },
  log: { level: 'warn' },
})

import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { readWav, SAMPLE_RATE } from './harness/audio.ts'
import type { Child } from './harness/child.ts'
import { ClickPhone } from './harness/click-phone.ts'
import { commandFolder } from './harness/command.ts'
import { LoopbackNetwork } from './harness/loopback.ts'
import { waitFor } from './harness/wait.ts'

const CONFIG = fileURLToPath(new URL('../bench/peers.config.ts', import.meta.url))
/** Where it listens, and where `bridge` calls. */
const PEERS = '127.0.10.1'
const PEER = { address: '127.0.10.2', port: 15_060 }

const network = new LoopbackNetwork()
const { folder, ringdown, exitOf, write } = commandFolder()

async function isReady(server: Child): Promise<void> {
  await waitFor(`the server is ready:\n${server.output}`, () => server.output.split('\n').includes('ready'), 20_000)
}

/** Clicks until as much is heard there: a ringback tone begins once in six seconds. */
async function isHeardBy(listener: ClickPhone, speaker: ClickPhone): Promise<void> {
  await waitFor('clicks are heard, one after the other', async () => {
    speaker.click()
    await sleep(300)
    return listener.sounds.filter((at) => at > performance.now() - 2000).length >= 4
  })
}

it('bench/peers.config.ts serves every far end that load generators are promised', async () => {
  write(
    'peer.config.ts',
    `import { defineConfig, inbound } from 'ringdown'
    export default defineConfig({
      sip: { listen: [{ transport: 'udp', address: '${PEER.address}', port: ${PEER.port} }] },
      services: [{ name: 'echo', match: '*', app: inbound(async (channel) => {
        await channel.answer()
        const stream = channel.audioStream()
        for await (const block of stream) await stream.write(block)
      }) }],
    })`,
  )
  const servers = [ringdown('serve', CONFIG), ringdown('serve', 'peer.config.ts')]
  for (const server of servers) await isReady(server)

  // It rings for as long as nobody gives up.
  const ringing = ringdown('call', `sip:ring@${PEERS}`, '--timeout', '2')
  const playing = ringdown('call', `sip:play@${PEERS};transport=tcp`, '--record', 'played.wav', '--talk', '2')

  const silent = await ClickPhone.call(network.next(), PEERS, 'answer')
  const bridged = await ClickPhone.call(network.next(), PEERS, 'bridge')
  await isHeardBy(bridged, bridged)
  const [ann, ben] = [
    await ClickPhone.call(network.next(), PEERS, 'conf1'),
    await ClickPhone.call(network.next(), PEERS, 'conf1'),
  ]
  await isHeardBy(ben, ann)
  await isHeardBy(ann, ben)

  expect(await exitOf(playing)).toBe(0)
  expect(loudSeconds(readWav(join(folder, 'played.wav')))).toBeGreaterThan(1.5)
  await exitOf(ringing)
  expect(ringing.output).toMatch(/CALL_OUTGOING[\s\S]*RING_OUTGOING[\s\S]*IDLE +TIMEOUT/)
  expect(silent.sounds).toEqual([])
  for (const phone of [silent, bridged, ann, ben]) {
    expect(phone.hasEnded).toBe(false)
    await phone.hangUp()
  }
})

/** How long somebody is heard, by parts of 20 ms. */
function loudSeconds(samples: Int16Array): number {
  const part = SAMPLE_RATE / 50
  let loud = 0
  for (let at = 0; at + part <= samples.length; at += part)
    if (samples.subarray(at, at + part).some((sample) => Math.abs(sample) > 1000)) loud++
  return loud / 50
}

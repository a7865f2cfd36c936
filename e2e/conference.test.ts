import { fileURLToPath } from 'node:url'
import { type Phone, phones, type RealPhones } from 'ringdown/testing'
import { afterEach, expect, it } from 'vitest'
import type { Child } from './harness/child.ts'
import { commandFolder } from './harness/command.ts'
import { LoopbackNetwork } from './harness/loopback.ts'
import { waitFor } from './harness/wait.ts'

const APP = fileURLToPath(new URL('apps/meeting.ts', import.meta.url))
const PAIRING = fileURLToPath(new URL('apps/pairing.ts', import.meta.url))
const network = new LoopbackNetwork()
const { ringdown, write } = commandFolder()
let server: Child
let real: RealPhones

async function serve(workers: number): Promise<void> {
  const address = network.next()
  write(
    'ringdown.config.ts',
    `export default {
      sip: { listen: [{ transport: 'udp', address: '${address}', port: 5060 }] },
      media: { workers: ${workers} },
      services: [
        { name: 'hall', match: '2000', room: { name: 'hall', beepOnEntry: false, muteDigit: '0' } },
        { name: 'meeting', match: '3000', app: ${JSON.stringify(APP)} },
        { name: 'annex', match: '3001', app: ${JSON.stringify(APP)} },
        { name: 'pairing', match: '4000', app: ${JSON.stringify(PAIRING)} },
      ],
    }`,
  )
  server = ringdown('serve')
  await waitFor('the server is ready', () => server.output.split('\n').includes('ready'))
  real = phones.real({ exchange: `${address}:5060` })
}

afterEach(async () => {
  await real.close()
  await server.stop()
})

/** Who hears the tone of a speaker, by ear, before long: what was done just now may be on its way to the room. */
const heardBy = (speaker: Phone, all: readonly Phone[], frequencyHz: number) =>
  expect.poll(() => hearersOf(speaker, all, frequencyHz), { timeout: 15_000 })

/** Who hears the tone of a speaker, by ear. */
async function hearersOf(speaker: Phone, all: readonly Phone[], frequencyHz: number): Promise<string> {
  const before = all.map(({ ears }) => ears.tones.length)
  await speaker.hum([{ tone1: { frequencyHz, amplitude: 13 }, durationMs: 600, add: 'summation' }])
  await real.sleep(400)
  const hearers = all.filter(({ ears }, i) =>
    ears.tones.slice(before[i]).some(({ frequencies }) => frequencies[0] === frequencyHz),
  )
  return hearers.map(({ name }) => name).join(' ')
}

it('a number leads into a room, whose callers are placed in one of two media workers, also when they come at once', async () => {
  await serve(2)
  const all = ['ann', 'ben', 'cid', 'dot', 'eve'].map((name) => real.phone(name))
  expect(await Promise.all(all.map((phone) => phone.call('2000')))).toEqual([200, 200, 200, 200, 200])
  const [ann, ben, cid, dot, eve] = all as [Phone, Phone, Phone, Phone, Phone]
  await heardBy(ann, all, 620).toBe('ben cid dot eve')
  await heardBy(eve, all, 950).toBe('ann ben cid dot')
  await cid.press('0')
  await heardBy(cid, all, 1400).toBe('')
  await dot.hangUp()
  await heardBy(ben, [ann, ben, cid, eve], 1800).toBe('ann cid eve')
  for (const phone of [ann, ben, cid, eve]) await phone.hangUp()
  await real.done()
}, 60_000)

it('callers of an application are transferred into a room, hear a beep for each that comes, and are taken back', async () => {
  await serve(2)
  const [ann, ben, cid] = ['ann', 'ben', 'cid'].map((name) => real.phone(name)) as [Phone, Phone, Phone]
  await ann.call('3000')
  await ann.hears.tone([440, 480])
  await ben.call('3000')
  await ann.hears.tone([1000])
  await cid.call('3000')
  await ben.hears.tone([1000])
  await heardBy(ann, [ann, ben, cid], 620).toBe('ben cid')
  await ben.press('#')
  await ben.hears.tone([400])
  await heardBy(cid, [ann, ben, cid], 950).toBe('ann')
  for (const phone of [ann, cid]) await phone.hangUp()
  await ben.untilEnded()
  await real.done()
}, 60_000)

it('calls of two media workers meet: connected, and in a room that another application has brought its callers to', async () => {
  await serve(2)
  const all = ['ann', 'ben', 'cid', 'dot'].map((name) => real.phone(name)) as [Phone, Phone, Phone, Phone]
  const [ann, ben, cid, dot] = all
  // Each of the four is placed where fewer are, so two in turn are in two workers.
  for (const phone of [ann, ben]) await phone.call('4000')
  await heardBy(ann, all, 620).toBe('ben')
  await heardBy(ben, all, 950).toBe('ann')
  await cid.call('3000')
  await cid.hears.tone([440, 480])
  await dot.call('3001')
  await cid.hears.tone([1000])
  await heardBy(cid, all, 1400).toBe('dot')
  await heardBy(dot, all, 1800).toBe('cid')
  for (const phone of all) await phone.hangUp()
  await real.done()
}, 60_000)

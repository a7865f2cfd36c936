import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { babble, joined, silence, writeUlaw } from './harness/audio.ts'
import { Baresip } from './harness/baresip.ts'
import type { Child } from './harness/child.ts'
import { ClickPhone } from './harness/click-phone.ts'
import { commandFolder } from './harness/command.ts'
import { correlate, SAME_SOUND } from './harness/correlate.ts'
import { LoopbackNetwork } from './harness/loopback.ts'
import { describeWith } from './harness/programs.ts'
import { Sipp } from './harness/sipp.ts'
import { waitFor } from './harness/wait.ts'

const CLICKS = 20
const BETWEEN_MS = 220
/** From the packet with a click, which has left, to the click in a packet that has come. */
const MOST_MS = 45
const WORDS = babble(2, 44)

const network = new LoopbackNetwork()
const { folder, ringdown, write } = commandFolder()
const WORDS_FILE = join(folder, 'words.ul')
const ends: (() => Promise<void> | void)[] = []

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

async function serve(): Promise<string> {
  const address = network.next()
  write(
    'ringdown.config.ts',
    `export default {
      sip: { listen: [{ transport: 'udp', address: '${address}', port: 5060 }] },
      services: [{ name: 'hall', match: 'hall', room: { name: 'hall', beepOnEntry: false } }],
    }`,
  )
  const server: Child = ringdown('serve')
  ends.push(() => server.stop())
  await waitFor('the server is ready', () => server.output.split('\n').includes('ready'))
  return address
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

// Sound is real time: a busy machine gets three attempts at a quiet moment.
describeWith('baresip', 'sipp')('a room of real programs', { retry: 2 }, () => {
  test(`hears everybody in it, ${MOST_MS} ms later at most, 19 times of ${CLICKS}`, async () => {
    const exchange = await serve()
    const [ann, ben] = [
      await ClickPhone.call(network.next(), exchange, 'hall'),
      await ClickPhone.call(network.next(), exchange, 'hall'),
    ]
    for (const phone of [ann, ben]) ends.push(() => phone.close())
    const far = await Baresip.start({
      address: network.next(),
      says: joined(babble(1, 33), silence(30)),
      answers: false,
    })
    ends.push(() => far.stop())
    const heardBefore = ben.sounds.length
    far.dial(`sip:hall@${exchange}`)
    await waitFor('what baresip says is heard', () => ben.sounds.length > heardBefore, 5000)
    writeUlaw(WORDS_FILE, joined(silence(1), WORDS, silence(1)))
    const address = network.next()
    const values = { file: WORDS_FILE, talkMs: 10_500 }
    const callee = `${exchange}:5060`
    const sipp = await Sipp.start({ address, callee, user: 'hall', scenario: 'caller-streams', values })
    ends.push(() => sipp.stop())
    await pause(4500)

    ben.sounds.length = 0
    for (let i = 0; i < CLICKS; i++) {
      ann.click()
      await pause(BETWEEN_MS)
    }
    const delays = ann.clicks.map(({ sentAt }) => {
      const heardAt = ben.sounds.find((at) => at > sentAt && at < sentAt + BETWEEN_MS)
      return heardAt === undefined ? Number.POSITIVE_INFINITY : heardAt - sentAt
    })
    delays.sort((a, b) => a - b)
    const { successful, errors } = await sipp.finished()
    far.hangUp()
    await far.untilClosed()
    for (const phone of [ann, ben]) await phone.hangUp()

    expect([ann.clicks.length, delays[0]]).toEqual([CLICKS, expect.closeTo(30, -1.5)])
    expect(delays[CLICKS - 2]).toBeLessThanOrEqual(MOST_MS)
    expect(ann.clicks.every(({ heardAt }) => heardAt === undefined)).toBe(true)
    expect([successful, errors]).toEqual([1, ''])
    const match = correlate(WORDS, far.heard())
    expect([match.overlap, match.correlation > SAME_SOUND]).toEqual([WORDS.length, true])
  }, 40_000)
})

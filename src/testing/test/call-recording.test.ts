import { expect, test } from 'vitest'
import { inbound } from '../../calls/index.ts'
import { exchange, type Phone, type TestExchange } from '../index.ts'

// Both sides of a call are recorded, and one of them stalls for two seconds: a gap, and never a skew (voiceblender, issue 81).

const STORY = 'One two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen, and so on.'

const recordBoth = inbound(async (channel) => {
  await channel.answer()
  channel.wholeCallRecorder.start('call.wav', { mode: 'stereo' })
  await channel.filePlayer.play('story.wav', { loop: true })
  await channel.wholeCallRecorder.waitUntilFinished()
})

type Stall = (pbx: TestExchange, phone: Phone) => void

/** All packets of the phone are lost. */
const loss: Stall = ({ sim }, phone) => {
  const from = phone.sip.address
  sim.network.setConditions({ loss: 1 }, { from })
  sim.clock.after(2000, () => sim.network.setConditions({}, { from }), 'the network is back')
}

/** The network keeps all packets and delivers them at once. */
const queue: Stall = ({ sim }, phone) => {
  const until = sim.now + 2000
  const wait = (): void => {
    const latencyMs = 1 + Math.max(0, until - sim.now)
    sim.network.setConditions({ latencyMs }, { from: phone.sip.address })
    if (sim.now < until) sim.clock.after(10, wait, 'a network that stalls')
  }
  wait()
}

/** Our own media thread stands still. */
const thread: Stall = ({ exchange: ours }) => ours.stallMedia(2000)

/** Both sides of a call of some ten seconds; the stall comes after three. */
async function record(stall: Stall): Promise<{ left: Int16Array; right: Int16Array }> {
  const pbx = exchange({ apps: { '*': recordBoth }, files: { 'story.wav': STORY } })
  const alice = pbx.phone('alice')
  await alice.call('1')
  pbx.sim.clock.after(3000, () => stall(pbx, alice), 'a stall')
  await alice.say(STORY)
  await alice.sleep(1000)
  await alice.hangUp()
  await pbx.done()
  const [left, right] = pbx.exchange.files.stereoRecording('call.wav') ?? []
  if (left === undefined || right === undefined) throw new Error('nothing was recorded in stereo')
  return { left, right }
}

/** Where two recordings of one thing differ: from the first sample to the one after the last. */
function difference(one: Int16Array, other: Int16Array): { from: number; to: number } {
  const length = Math.min(one.length, other.length)
  let from = 0
  while (from < length && one[from] === other[from]) from++
  let to = length
  while (to > from && one[to - 1] === other[to - 1]) to--
  return { from, to }
}

test.each([
  ['is lost', loss],
  ['is kept and delivered at once', queue],
])(
  'the sound of the far end stalls for 2 s and %s: a gap on its side, nothing on the other, and no skew',
  async (_, stall) => {
    const whole = await record(() => {})
    const stalled = await record(stall)
    expect(stalled.left.length).toBe(stalled.right.length)
    expect(Math.abs(stalled.left.length - whole.left.length)).toBeLessThanOrEqual(160)
    // What we send is not touched at all.
    const right = difference(stalled.right, whole.right)
    expect(right.to - right.from).toBe(0)
    // What comes is the same, sample by sample and at the same place, before and after the gap.
    const left = difference(stalled.left, whole.left)
    expect((left.to - left.from) / 8).toBeGreaterThan(1400)
    expect((left.to - left.from) / 8).toBeLessThanOrEqual(2040)
    expect(stalled.left.subarray(left.from, left.to).every((sample) => sample === 0)).toBe(true)
    expect(whole.left.length - left.to).toBeGreaterThan(8 * 2000)
  },
)

test('our own thread stalls for 2 s: a gap in what we send, and no skew', async () => {
  const whole = await record(() => {})
  const stalled = await record(thread)
  expect(Math.abs(stalled.left.length - whole.left.length)).toBeLessThanOrEqual(160)
  // A player goes on where it was: what was sent after the gap is what would have been sent in its place.
  const { from } = difference(stalled.right, whole.right)
  const after = stalled.right.findIndex((sample, i) => i > from && sample !== 0)
  expect((after - from) / 8).toBeGreaterThan(1800)
  expect((after - from) / 8).toBeLessThanOrEqual(2040)
  const gap = 160 * Math.round((after - from) / 160)
  const later = stalled.right.subarray(from + gap)
  expect(later.length).toBeGreaterThan(8 * 2000)
  expect(later.every((sample, i) => sample === whole.right[from + i])).toBe(true)
  // Packets waited in the socket meanwhile: those that are not too old stand where they belong.
  const left = difference(stalled.left, whole.left)
  expect((left.to - left.from) / 8).toBeLessThanOrEqual(2040)
  expect(
    stalled.left
      .subarray(left.from, left.to)
      .every((sample, i) => sample === 0 || sample === whole.left[left.from + i]),
  ).toBe(true)
  expect(whole.left.length - left.to).toBeGreaterThan(8 * 2000)
})

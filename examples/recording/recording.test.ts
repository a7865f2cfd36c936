import { readFileSync } from 'node:fs'
import { exchange, type TestExchange } from 'ringdown/testing'
import { expect, test } from 'vitest'
import orderLine from './order-line.ts'

const ROOT = new URL('../../', import.meta.url)
const CARD = '4111111111111111#'

test('what the guide shows of the example stands in it', () => {
  const guide = readFileSync(new URL('docs/guides/recording.md', ROOT), 'utf8')
  const shown = [...guide.matchAll(/```ts\n\/\/ (\S+)\n([\s\S]*?)```/g)]
  expect(shown.length).toBeGreaterThan(1)
  for (const [, file = '', code = ''] of shown) expect(readFileSync(new URL(file, ROOT), 'utf8')).toContain(code)
})

function withPrompts(): TestExchange {
  return exchange({
    apps: { '*': orderLine },
    files: {
      'may-we-record.wav': 'May we record this call? Press one if we may.',
      'what-would-you-like.wav': 'Say what you would like, and press a key.',
      'your-card-number.wav': 'Enter the number of your card.',
      'thank-you.wav': 'Thank you very much.',
      'that-is-no-card.wav': 'That is no card.',
    },
  })
}

/** Somebody orders, says the number of the card and enters it. */
async function order(pbx: TestExchange, consent: string): Promise<void> {
  const alice = pbx.phone('alice')
  await alice.call('1')
  await alice.expectSpeech(/press one/i)
  await alice.press(consent)
  await alice.expectSpeech(/what you would like/)
  await alice.say('A dozen of red roses.')
  await alice.press('9')
  await alice.expectSpeech(/number of your card/)
  await alice.say('It is four one one one.')
  await alice.press(CARD)
  await alice.expectSpeech(/thank you/i)
  await alice.expectHangUp()
  await pbx.done()
  expect(pbx.runs[0]?.error).toBeUndefined()
}

/** Where `part` of a recording is heard, in ms: loud frames of 20 ms. */
function loudAt(samples: Int16Array): number[] {
  const frames = Array.from({ length: Math.floor(samples.length / 160) }, (_, i) => i)
  return frames
    .filter((i) => samples.subarray(160 * i, 160 * i + 160).some((sample) => Math.abs(sample) > 600))
    .map((i) => 20 * i)
}

test('an order is recorded in stereo, but for the number of the card', async () => {
  const pbx = withPrompts()
  await order(pbx, '1')
  expect(pbx.recordings.length).toBe(1)
  const name = pbx.recordings[0] as string
  expect(name).toMatch(/^orders\/.+\.wav$/)
  const heard = pbx.exchange.files.heardIn(name).map(({ text }) => text)
  expect(heard.join(' ')).toMatch(/red roses/)
  expect(heard.join(' ')).not.toMatch(/four one one one/)
  const [left, right] = pbx.exchange.files.stereoRecording(name) ?? []
  if (left === undefined || right === undefined) throw new Error('it is not in stereo')
  expect(left.length).toBe(right.length)
  // The beep is in it, and "thank you" after the pause; on the left there is nothing after the roses.
  const [ours, theirs] = [loudAt(right), loudAt(left)]
  expect(ours[0]).toBeLessThan(100)
  const last = theirs.at(-1) ?? 0
  const silence = ours.filter((ms) => ms > last + 100)
  expect(silence.length).toBeGreaterThan(20)
  // Everything after the pause stands where it belongs in time: the pause took longer than the card number did.
  expect((ours.at(-1) ?? 0) - last).toBeGreaterThan(4000)
})

test('who does not agree is not recorded', async () => {
  const pbx = withPrompts()
  await order(pbx, '2')
  expect(pbx.recordings).toEqual([])
})

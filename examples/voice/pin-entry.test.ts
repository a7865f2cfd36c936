import { exchange } from 'ringdown/testing'
import { expect, test } from 'vitest'
import app from './pin-entry.ts'

function door() {
  const pbx = exchange({ apps: { '*': { name: 'door', app, parameters: { pins: { alice: '4711' } } } } })
  return { pbx, alice: pbx.phone('alice') }
}

test('the right PIN at the second attempt; it is nowhere in what is kept of the call', async () => {
  const { pbx, alice } = door()
  await alice.call('1000')
  await alice.expectSpeech(/enter your PIN/i)
  await alice.press('4712#')
  await alice.expectSpeech(/that is not your PIN\. *$/i)
  await alice.press('4711#')
  await alice.expectSpeech(/welcome in/i)
  await alice.expectHangUp()
  await pbx.done()
  expect(pbx.runs[0]).toMatchObject({ returnCode: 1 })
  const { exchange: core } = pbx.exchange
  const [story] = core.explain(core.recentCalls()[0]?.id ?? '')
  const keys = story?.events.filter(({ type }) => type === 'digit')
  expect(keys).toHaveLength(10)
  expect(JSON.stringify(story)).not.toMatch(/471[12]|"digit":"/)
})

test('three wrong ones, or none at all: goodbye', async () => {
  const { pbx, alice } = door()
  await alice.call('1000')
  for (let attempt = 0; attempt < 2; attempt++) {
    await alice.expectSpeech(/PIN|try again/i)
    await alice.press('1234#')
    await alice.expectSpeech(/not your PIN/i)
  }
  await alice.expectSpeech(/last attempt/i)
  await alice.expectSpeech(/goodbye/i)
  await alice.expectHangUp()
  await pbx.done()
  expect(pbx.runs[0]).toMatchObject({ returnCode: 0 })
})

import { inbound } from 'ringdown'
import { exchange, type Phone, type TestExchange } from 'ringdown/testing'
import { expect, test } from 'vitest'
import conference from './conference.ts'

/** The room of the example with two people in it, who came in without a sound. */
async function roomOfTwo(): Promise<{ pbx: TestExchange; anna: Phone; boris: Phone }> {
  const guest = inbound(async (channel) => {
    await channel.answer()
    const media = new channel.ConferencePartyMediaSettings({ beepOnEntry: false })
    await channel.joinConferenceRoom('reference', { conferencePartyMediaSettings: media })
  })
  const pbx = exchange({ apps: { conference, '*': guest } })
  const [anna, boris] = [pbx.phone('anna'), pbx.phone('boris')]
  await anna.call('1')
  await boris.call('1')
  return { pbx, anna, boris }
}

test('george has joined, as all in the room hear once and in this order, after a beep', async () => {
  const { pbx, anna, boris } = await roomOfTwo()
  const george = pbx.phone('george')
  const insideAt = pbx.sim.now
  await george.call('conference')
  for (const phone of [anna, boris]) {
    await phone.hears.beep()
    await phone.expectSpeech(/^george$/)
    await phone.expectSpeech(/^has joined$/)
  }
  await pbx.sleep(3000)
  for (const { ears } of [anna, boris]) {
    expect(ears.speech.map(({ utterance }) => utterance.text)).toEqual(['george', 'has joined'])
    for (const { utterance, heardMs } of ears.speech) expect(heardMs).toBe(utterance.lengthMs)
    const [beep, ...more] = ears.tones.filter(({ startedAt }) => startedAt > insideAt)
    expect([beep?.frequencies.length, more]).toEqual([1, []])
    expect(beep?.startedAt).toBeLessThan(ears.speech[0]?.startedAt ?? 0)
  }
  await george.hangUp()
  await pbx.done()
})

test('he is muted with 0 and heard again with 1, and nobody hears the keys', async () => {
  const { pbx, anna } = await roomOfTwo()
  const george = pbx.phone('george')
  await george.call('conference')
  await anna.expectSpeech(/has joined/)
  await george.press('0')
  await george.say('I keep this to myself.')
  await george.press('1')
  await george.say('This is for all of you.')
  await anna.expectSpeech(/for all of you/)
  expect(anna.hasHeard(/to myself/)).toBe(false)
  expect(anna.ears.digits).toEqual([])
  await george.hangUp()
  await pbx.done()
})

test('he has left, as the others hear when he just hangs up; then the conference ends with him, as he wanted', async () => {
  const { pbx, anna, boris } = await roomOfTwo()
  const george = pbx.phone('george')
  await george.call('conference')
  await anna.expectSpeech(/has joined/)
  await george.hangUp()
  for (const phone of [anna, boris]) {
    await phone.expectSpeech(/^has left$/)
    await phone.expectSpeech(/^george$/)
    await phone.expectHangUp()
  }
  await pbx.done()
  expect(pbx.runs.map(({ returnCode, error }) => [returnCode, error])).toEqual(Array(3).fill([0, undefined]))
})

test('he leaves with #, and is with the application again, which has nothing more to say', async () => {
  const { pbx, anna, boris } = await roomOfTwo()
  const george = pbx.phone('george')
  await george.call('conference')
  await anna.expectSpeech(/has joined/)
  await george.press('#')
  for (const phone of [anna, boris]) {
    await phone.expectSpeech(/^has left$/)
    await phone.expectSpeech(/^george$/)
  }
  await george.expectHangUp()
  await pbx.done()
})

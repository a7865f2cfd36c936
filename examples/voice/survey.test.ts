import { exchange, type PhoneKind, phones } from 'ringdown/testing'
import { expect, test } from 'vitest'
import app, { type Answers } from './survey.ts'

async function survey(kind: PhoneKind) {
  const pbx = exchange({})
  const bob = pbx.phone('bob', kind)
  let answers: Answers | undefined
  const run = await pbx.start(app, {
    to: 'sip:bob@bob',
    onAnswers: (given: Answers) => {
      answers = given
    },
  })
  await pbx.done()
  return { pbx, bob, run, answers }
}

test('somebody answers every question, the stars at the second attempt, and says what could be better', async () => {
  const willing = phones.scripted(async (bob) => {
    await bob.answer()
    await bob.expectSpeech(/may we ask/i)
    await bob.press('1')
    await bob.expectSpeech(/how often/i)
    await bob.press('12#')
    await bob.expectSpeech(/how many stars/i)
    await bob.press('7')
    await bob.expectSpeech(/one star is the least/i)
    await bob.press('4')
    await bob.expectSpeech(/come again/i)
    await bob.press('1')
    await bob.hears.beep()
    await bob.say('The coffee was cold.')
    await bob.press('#')
    await bob.expectSpeech(/thank you/i)
    await bob.expectHangUp()
  })
  const { pbx, run, answers } = await survey(willing)
  expect(run).toMatchObject({ returnCode: 0 })
  expect(answers).toMatchObject({ visits: 12, stars: 4, wouldReturn: true })
  expect(pbx.recording(answers?.comment ?? '').said).toEqual(['The coffee was cold.'])
})

test('who does not want to, who is not there, and who hangs up in the middle', async () => {
  const unwilling = phones.scripted(async (bob) => {
    await bob.answer()
    await bob.expectSpeech(/may we ask/i)
    await bob.press('2')
    await bob.expectSpeech(/goodbye/i)
    await bob.expectHangUp()
  })
  expect(await survey(unwilling)).toMatchObject({ run: { returnCode: -101 }, answers: undefined })
  expect(await survey(phones.noAnswer())).toMatchObject({ run: { returnCode: -100 }, answers: undefined })
  const impatient = phones.scripted(async (bob) => {
    await bob.answer()
    await bob.expectSpeech(/may we ask/i)
    await bob.press('1')
    await bob.expectSpeech(/how often/i)
    await bob.hangUp()
  })
  const { run, answers } = await survey(impatient)
  expect([run.error, answers]).toEqual([undefined, undefined])
})

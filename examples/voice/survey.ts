import { type Channel, confirm, getNumber, outbound } from 'ringdown'

/** What somebody thinks of us. */
export interface Answers {
  readonly visits?: number | undefined
  readonly stars?: number | undefined
  readonly wouldReturn?: boolean | undefined
  /** The recording of what was said. */
  readonly comment?: string
}

/** Calls somebody, asks three questions and records an answer. Who does not want to be asked is left alone. */
export default outbound(async (channel, app) => {
  const { to, onAnswers } = app.outboundParameters as { to: string; onAnswers: (answers: Answers) => void }
  if ((await channel.call(to, { timeoutMs: 30_000 })) !== channel.State.ANSWERED) return -100
  const isWilling = await confirm(channel, {
    prompt: { textToSay: 'This is Acme. May we ask you three questions? Press 1 for yes, 2 for no.' },
    attempts: 2,
  })
  if (isWilling === true) onAnswers(await ask(channel, `surveys/${app.instanceId}.wav`))
  await channel.filePlayer.say('Thank you. Goodbye.')
  return isWilling === true ? 0 : -101
})

async function ask(channel: Channel, recording: string): Promise<Answers> {
  const visits = await getNumber(channel, {
    prompt: { textToSay: 'How often have you been with us? Enter a number and the hash key.' },
    max: 999,
  })
  const stars = await getNumber(channel, {
    prompt: { textToSay: 'How many stars do you give us? Press a key from 1 to 5.' },
    invalidPrompt: { textToSay: 'One star is the least and five the most.' },
    min: 1,
    max: 5,
  })
  const wouldReturn = await confirm(channel, {
    prompt: { textToSay: 'Will you come again? Press 1 for yes, 2 for no.' },
  })
  await channel.filePlayer.say('What can we do better? Speak after the beep, and press any key when you are done.')
  await channel.fileRecorder.record(recording, {
    beepOnStart: true,
    bargeIn: true,
    maxSilenceMs: 3000,
    initialSilenceMs: 5000,
    timeoutMs: 60_000,
  })
  const hasComment = channel.fileRecorder.audioDetectedInRecording()
  return { visits, stars, wouldReturn, ...(hasComment && { comment: recording }) }
}

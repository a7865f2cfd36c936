import { inbound } from 'ringdown'

/** Takes a message for a mailbox, with the greeting of its owner where there is one. */
export default inbound(async (channel, app) => {
  const box = 'voicemail/1234'
  await channel.answer()
  const hasGreeting = await app.files.exists(`${box}/greeting.wav`)
  await channel.filePlayer.play(hasGreeting ? `${box}/greeting.wav` : 'leave-a-message.wav')
  const draft = `drafts/${app.instanceId}.wav`
  const cause = await channel.fileRecorder.record(draft, { maxSilenceMs: 2000, initialSilenceMs: 5000, bargeIn: true })
  if (cause === 'ERROR') app.log.error({ err: channel.fileRecorder.error() }, 'the message was not recorded')

  if (channel.fileRecorder.audioDetectedInRecording()) await app.files.rename(draft, `${box}/${app.instanceId}.wav`)
  else await app.files.delete(draft)
  const messages = await app.files.list(`${box}/`)
  app.log.info({ messages: messages.length - (hasGreeting ? 1 : 0) }, 'the mailbox')
})

import { type AppContext, type Channel, collect, inbound, menu } from 'ringdown'

/** Messages of one mailbox stand in a folder of their own: new ones, and those that were kept. */
const folderOf = (mailbox: string, kind: 'new' | 'kept'): string => `voicemail/${mailbox}/${kind}/`

/**
 * A mailbox for each number that is dialled. Callers leave a message after the greeting; the owner presses the star key while it
 * is played, and listens to what was left.
 */
export default inbound(async (channel, app) => {
  const mailbox = /sip:([0-9]+)@/.exec(channel.details?.to ?? '')?.[1] ?? '0'
  await channel.answer()
  await channel.filePlayer.say('Nobody is here. Please leave a message after the beep.', { bargeIn: true })
  const key = await channel.dtmfDetector.getDigits({ count: 1, predigitsTimeoutMs: 1 })
  if (key === '*') await listen(channel, app, mailbox)
  else await leave(channel, app, mailbox)
})

async function leave(channel: Channel, app: AppContext, mailbox: string): Promise<void> {
  // In the order of their names they are in the order of time.
  const name = `${folderOf(mailbox, 'new')}${Date.now()}-${app.instanceId}.wav`
  const cause = await channel.fileRecorder.record(name, {
    beepOnStart: true,
    bargeIn: true,
    dtmfElimination: true,
    initialSilenceMs: 5000,
    maxSilenceMs: 5000,
    timeoutMs: 120_000,
  })
  if (!channel.fileRecorder.audioDetectedInRecording()) await app.files.delete(name)
  // Most callers just hang up: what they have said until then is the message.
  if (cause !== 'HANGUP') await channel.filePlayer.say('Thank you. Goodbye.')
}

async function listen(channel: Channel, app: AppContext, mailbox: string): Promise<void> {
  const pin = (app.parameters.pins as Readonly<Record<string, string>>)[mailbox]
  const entry = await collect(channel, {
    prompt: { textToSay: 'Please enter your PIN.' },
    maxDigits: 4,
    valid: (digits) => digits === pin,
    private: true,
  })
  if (entry === undefined) return
  const messages = await app.files.list(folderOf(mailbox, 'new'))
  await channel.filePlayer.say(`You have ${messages.length === 1 ? '1 message' : `${messages.length} messages`}.`)
  for (const { name } of messages) {
    const kept = name.replace('/new/', '/kept/')
    const act = await menu<(() => Promise<unknown>) | undefined>(channel, {
      prompt: [
        { fileToPlay: name },
        { textToSay: 'To keep it, press 1. To delete it, press 3. To go on, press the hash key.' },
      ],
      // Once more, from the beginning.
      attempts: 2,
      choices: { 1: () => app.files.rename(name, kept), 3: () => app.files.delete(name), '#': undefined },
    })
    await act?.()
  }
  await channel.filePlayer.say('There are no more messages.')
}

import { type Channel, menu, outbound } from 'ringdown'

/** What somebody wants to do about an appointment. */
export type Reply = 'keeps' | 'cancels' | 'talks'

/** Reminds somebody of an appointment, and asks whether he comes; who wants to talk is put through to the desk. */
export default outbound(async (channel, app) => {
  const { to, when, desk, onReply } = app.outboundParameters as {
    to: string
    when: string
    desk: string
    onReply: (reply: Reply) => void
  }
  if ((await channel.call(to, { timeoutMs: 30_000 })) !== channel.State.ANSWERED) return -100
  const reply = await menu<Reply>(channel, {
    prompt: [
      { textToSay: `Hello. You have an appointment ${when}.` },
      {
        textToSay: 'Press 1 if you will come, 2 to cancel it, 3 to talk to us. To hear this again, press the star key.',
      },
    ],
    helpDigit: '*',
    choices: { 1: 'keeps', 2: 'cancels', 3: 'talks' },
  })
  if (reply === undefined) return -101
  onReply(reply)
  if (reply === 'keeps') await channel.filePlayer.say('We are looking forward to seeing you. Goodbye.')
  else if (reply === 'cancels') await channel.filePlayer.say('Your appointment is cancelled. Goodbye.')
  else await putThrough(channel, app.extraChannels[0] as Channel, desk)
  return 0
})

async function putThrough(channel: Channel, other: Channel, desk: string): Promise<void> {
  channel.filePlayer.startSay('One moment, please. ', { loop: true })
  const state = await other.call(desk, { timeoutMs: 20_000 })
  await channel.filePlayer.stop()
  if (state === other.State.ANSWERED && (await channel.connect(other)))
    await Promise.race([channel.waitForIdle(), other.waitForIdle()])
  else await channel.filePlayer.say('Nobody is at the desk. We will call you back. Goodbye.')
}

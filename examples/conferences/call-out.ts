import { outbound } from 'ringdown'

/** Calls everybody on a list at once; who answers is in the room. */
export default outbound(async (first, app) => {
  const { numbers, room } = app.outboundParameters as { numbers: string[]; room: string }
  const channels = [first, ...app.extraChannels].slice(0, numbers.length)
  await Promise.all(
    channels.map(async (channel, i) => {
      if ((await channel.call(numbers[i] as string, { timeoutMs: 30_000 })) !== channel.State.ANSWERED) return
      await channel.filePlayer.say('You are wanted in a meeting.')
      await channel.joinConferenceRoom(room)
    }),
  )
})

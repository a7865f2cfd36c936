import { outbound } from 'ringdown'

/** Calls `number` in the name of `from`, plays a message, and tells which ways were tried. */
export default outbound(async (channel, app) => {
  const { number, from, anonymous = false } = app.outboundParameters
  const state = await channel.call(String(number), {
    from: String(from),
    anonymous: anonymous === true,
    redirects: { follow: 3, numbers: ['+441632*'] },
  })
  const { details } = channel
  if (details?.direction === 'outbound')
    for (const { trunk, outcome, status } of details.attempts) app.log.info({ trunk, outcome, status }, 'tried')
  if (state !== channel.State.ANSWERED) return -100
  await channel.filePlayer.play('message.wav')
  return 0
})

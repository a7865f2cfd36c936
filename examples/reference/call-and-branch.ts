import { outbound } from 'ringdown'

/** Places a call and branches on how it went. */
export default outbound(async (channel) => {
  const state = await channel.call('sip:1234@127.0.0.1:5060;user=phone')
  if (state !== channel.State.ANSWERED) {
    if (channel.cause() === channel.Cause.BUSY) console.log('Busy, try again')
    return
  }
  await channel.hangUp()
})

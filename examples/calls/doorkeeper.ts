import { inbound } from 'ringdown'

/** Lets in whom it wants to, and tells the others why not. */
export default inbound(async (channel, app) => {
  const { details } = channel
  if (channel.sip.requestHeader('X-Spam-Score') === 'high') {
    await channel.reject(channel.Cause.BARRED)
    return
  }
  if (details?.direction === 'inbound' && details.diversion !== undefined) {
    app.log.info({ from: details.from, diversion: details.diversion }, 'a call that was diverted to us')
    await channel.reject(channel.Cause.BUSY, { headers: { 'X-Try-Again': 'later' } })
    return
  }
  await channel.answer({ codecs: ['PCMA'] })
  await channel.filePlayer.play('come-in.wav')
})

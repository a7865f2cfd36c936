import { inbound } from 'ringdown'

export default inbound(async (channel) => {
  await channel.answer()
  const ok = await channel.managedTransfer('sip:3301@127.0.0.1:5060;user=phone')
  if (!ok && channel.transferCause() === channel.TransferCause.TARGETREJECT) console.log('Busy, try again later')
})

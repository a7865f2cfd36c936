import { type Channel, inbound } from 'ringdown'

/**
 * A menu in front of another exchange: whoever has chosen is sent on to an extension there, by that exchange itself, so that
 * his call takes none of our lines any more. An exchange that does not know how is asked nothing more than to take a call.
 */
export default inbound(async (channel, { parameters }) => {
  const { pbx = 'pbx.example.net' } = parameters as { pbx?: string }
  await channel.answer()
  for (;;) {
    const choice = await ask(channel)
    if (choice === undefined) return
    const extension = { '1': '3301', '2': '3302' }[choice]
    if (extension === undefined) continue
    const target = `sip:${extension}@${pbx}`
    if (await channel.blindTransfer(target, { timeoutMs: 30_000, bridgeIfRefused: { timeoutMs: 30_000 } })) return
    if (channel.transferCause() === channel.TransferCause.HANGUP) return
    const isBusy = channel.details?.transfer?.rawCause === 486
    await channel.filePlayer.say(isBusy ? 'They are talking to somebody else.' : 'Nobody answers there.')
  }
})

async function ask(channel: Channel): Promise<string | undefined> {
  await channel.filePlayer.say('For sales press one, for support press two.', { bargeIn: true })
  const digits = await channel.dtmfDetector.getDigits({ count: 1, predigitsTimeoutMs: 10_000 })
  return digits === '' ? undefined : digits
}

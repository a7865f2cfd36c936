import { type Channel, inbound } from 'ringdown'

let waiting: Channel | undefined

/** Connects each second caller with the one before him. */
export default inbound(async (channel) => {
  await channel.answer()
  const other = waiting
  waiting = other === undefined ? channel : undefined
  if (other !== undefined) await channel.connect(other)
  await channel.waitForIdle()
})

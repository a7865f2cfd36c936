import { inbound } from 'ringdown'

/** Says back what it hears. */
export default inbound(async (channel) => {
  await channel.answer()
  const stream = channel.audioStream()
  for await (const block of stream) await stream.write(block)
})

import { AudioStreamCause, inbound } from 'ringdown'

const QUIET = 500
const PAUSE_BLOCKS = 30

/** Says back what the caller has said, after each pause; whoever speaks while it speaks silences it. */
export default inbound(async (channel) => {
  await channel.answer()
  const stream = channel.audioStream({ maxBufferedMs: 60_000 })
  let heard: Int16Array[] = []
  let quietBlocks = 0
  for await (const block of stream) {
    const isLoud = block.some((sample) => Math.abs(sample) > QUIET)
    quietBlocks = isLoud ? 0 : quietBlocks + 1
    if (isLoud && stream.bufferedMs > 0) stream.clear()
    if (isLoud || heard.length > 0) heard.push(block)
    if (heard.length === 0 || quietBlocks < PAUSE_BLOCKS) continue
    for (const each of heard.splice(0, heard.length - PAUSE_BLOCKS)) await stream.write(each)
    heard = []
  }
  return stream.cause() === AudioStreamCause.HANGUP ? 0 : -100
})

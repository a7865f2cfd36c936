import { inbound } from 'ringdown'

/** Answers and waits for the hang-up, without a word to the test: for load. */
export default inbound(async (channel) => {
  await channel.answer()
  await channel.waitForIdle()
})

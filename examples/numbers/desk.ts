import { inbound } from 'ringdown'

/** Whoever sits at the desk says so. */
export default inbound(async (caller) => {
  await caller.answer()
  await caller.filePlayer.play('desk.wav')
})

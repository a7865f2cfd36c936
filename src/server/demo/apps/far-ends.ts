import { inbound } from 'ringdown'

/** Rings for a moment, answers, lets the other one finish, presses 4711#, says goodbye and hangs up. */
export const answers = inbound(async (channel) => {
  await channel.ring({ ringTimeMs: 300 })
  await channel.answer()
  await channel.speechDetector.waitForSpeech({ timeoutMs: 5_000 })
  await channel.speechDetector.waitForSilence({ silenceMs: 600, timeoutMs: 10_000 })
  await channel.dtmfPlayer.play('4711#')
  await channel.filePlayer.say('Thank you. Goodbye!')
})

/** Is on the telephone already. */
export const busy = inbound(async (channel) => {
  await channel.reject('BUSY')
})

/** Hears it ring and does not pick up. */
export const absent = inbound(async (channel) => {
  await channel.ring()
  await channel.waitForIdle()
})

/** Looks at the display and declines. */
export const unwilling = inbound(async (channel) => {
  await channel.ring({ ringTimeMs: 300 })
  await channel.reject()
})

import { collect, inbound } from 'ringdown'

/** Asks for a PIN that nobody but the caller learns of: no record of the call keeps it. Returns 1 for who may come in. */
export default inbound(async (channel, app) => {
  const pins = app.parameters.pins as Readonly<Record<string, string>>
  const caller = /sip:([^@;]+)@/.exec(channel.details?.from ?? '')?.[1] ?? ''
  await channel.answer()
  const pin = await collect(channel, {
    prompt: { textToSay: 'Please enter your PIN, followed by the hash key.' },
    invalidPrompt: { textToSay: 'That is not your PIN.' },
    silencePrompt: { textToSay: 'I have heard nothing.' },
    retryPrompts: [{ textToSay: 'Please try again.' }, { textToSay: 'Please try again. This is your last attempt.' }],
    minDigits: 4,
    maxDigits: 8,
    valid: (digits) => digits === pins[caller],
    private: true,
  })
  if (pin === undefined) {
    await channel.filePlayer.say('Goodbye.')
    return 0
  }
  await channel.filePlayer.say('Thank you. Welcome in.')
  return 1
})

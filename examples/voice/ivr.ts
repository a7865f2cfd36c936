import { type Channel, collect, inbound, menu } from 'ringdown'

/** What the caller's order can look like: eight digits. */
const ORDER = /\d{8}/

/** The main menu of a shop: hours, the state of an order, a person. */
export default inbound(async (channel, app) => {
  await channel.answer()
  await channel.filePlayer.playList([{ fileToPlay: 'jingle.wav' }, { textToSay: 'Welcome to Acme.' }], {
    bargeIn: true,
  })
  for (;;) {
    const next = await menu(channel, {
      prompt: { textToSay: 'For opening hours, press 1. For your order, press 2. To talk to somebody, press 0.' },
      invalidPrompt: { textToSay: 'I do not know that key.' },
      silencePrompt: { textToSay: 'Are you still there?' },
      helpDigit: '*',
      helpPrompt: { textToSay: 'You are talking to a machine. Press one of the keys of your telephone.' },
      choices: { 1: sayHours, 2: sayOrder, 0: undefined },
    })
    if (next === undefined) break
    await next(channel)
  }
  await channel.filePlayer.say('One moment, please.')
  const [desk] = app.extraChannels as [Channel]
  await channel.hold({ media: { fileToPlay: 'music.wav' } })
  const state = await desk.call(String(app.parameters.desk ?? 'sip:desk@desk'), { timeoutMs: 20_000 })
  await channel.retrieve()
  if (state === desk.State.ANSWERED && (await channel.connect(desk)))
    await Promise.race([channel.waitForIdle(), desk.waitForIdle()])
  else await channel.filePlayer.say('Nobody is free. Please call again later.')
})

async function sayHours(channel: Channel): Promise<void> {
  await channel.filePlayer.say('We are open from nine to five, Monday to Friday.', { bargeIn: true })
}

async function sayOrder(channel: Channel): Promise<void> {
  const order = await collect(channel, {
    prompt: { textToSay: 'Please enter the eight digits of your order.' },
    retryPrompts: [{ textToSay: 'The number of your order is on your receipt. It has eight digits.' }],
    maxDigits: 8,
    valid: ORDER,
  })
  if (order === undefined) await channel.filePlayer.say('Let us try something else.')
  else await channel.filePlayer.say(`Your order ${order.split('').join(' ')} is on its way.`, { rate: 0.9 })
}

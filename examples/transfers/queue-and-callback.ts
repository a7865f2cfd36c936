import { type AppContext, type Channel, confirm, inbound } from 'ringdown'

const AGENTS = ['sip:ann@ann', 'sip:ben@ben']
const ACCEPT = {
  announce: { textToSay: 'A caller from the queue. Press 1.' },
  acceptDigit: '1',
  acceptTimeoutMs: 10_000,
}

/**
 * A queue for two agents. Whoever has waited for three turns is asked whether he would rather be called back: then the queue
 * waits in his place, first for an agent, and calls him when there is one.
 */
export default inbound(async (caller, app) => {
  await caller.answer()
  const number = caller.details?.from ?? ''
  for (let turn = 1; turn <= 3; turn++) {
    if (await caller.managedTransfer(AGENTS, { ...ACCEPT, timeoutMs: 15_000, media: { fileToPlay: 'music.wav' } }))
      return
    if (caller.state() === caller.State.IDLE) return
    await caller.filePlayer.say('Everybody is still talking. Please stay on the line.')
  }
  const isWanted = await confirm(caller, {
    prompt: { textToSay: 'Shall we call you back? Press 1 for yes, 2 to go on waiting.' },
    yes: '1',
    no: '2',
  })
  if (isWanted !== true) {
    await caller.filePlayer.say('Please call again later.')
    return
  }
  await caller.filePlayer.say('We will call you. Goodbye.')
  await caller.hangUp()
  await callBack(caller, number, app)
})

/** An agent first: nobody is called back to wait again. */
async function callBack(caller: Channel, number: string, app: AppContext): Promise<void> {
  const agent = app.extraChannels[0] as Channel
  for (let attempt = 1; attempt <= 20 && !app.signal.aborted; attempt++) {
    for (const to of AGENTS) {
      if ((await agent.call(to, { timeoutMs: 15_000 })) !== agent.State.ANSWERED) continue
      if (await takes(agent)) {
        await connect(caller, number, agent)
        return
      }
      await agent.hangUp()
    }
    await agent.waitForIdle()
    await pause(60_000)
  }
  app.log.warn({ number }, 'nobody was there to call back')
}

async function takes(agent: Channel): Promise<boolean> {
  await agent.filePlayer.say('Somebody wants to be called back. Press 1 to be connected.')
  return (await agent.dtmfDetector.getDigits({ count: 1, timeoutMs: 10_000 })) === '1'
}

async function connect(caller: Channel, number: string, agent: Channel): Promise<void> {
  agent.tonePlayer.start('RINGBACK', { loop: true })
  const state = await caller.call(number, { timeoutMs: 30_000 })
  await agent.tonePlayer.stop()
  if (state === caller.State.ANSWERED && (await agent.connect(caller)))
    await Promise.race([agent.waitForIdle(), caller.waitForIdle()])
  else if (agent.state() === agent.State.ANSWERED) await agent.filePlayer.say('He does not answer any more.')
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

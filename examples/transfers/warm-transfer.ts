import { collect, inbound } from 'ringdown'

const COLLEAGUES = ['sip:ann@ann', 'sip:ben@ben', 'sip:cid@cid']

/** Asks for the number of the order, and brings the caller to the first colleague who takes him, knowing what it is about. */
export default inbound(async (caller) => {
  await caller.answer()
  const order = await collect(caller, {
    prompt: { textToSay: 'Please enter the number of your order, then the hash key.' },
    maxDigits: 8,
    end: '#',
  })
  await caller.filePlayer.say('I am looking for somebody who can help you.')

  const about = order === undefined ? 'who did not say what it is about' : `about order ${order.split('').join(' ')}`
  const isThere = await caller.managedTransfer(COLLEAGUES, {
    strategy: 'parallel',
    timeoutMs: 20_000,
    media: { fileToPlay: 'music.wav' },
    // Only who has heard this and presses the key has the call: no voicemail, no child at home.
    announce: { textToSay: `A caller ${about}. Press 1 to take the call.` },
    acceptDigit: '1',
    acceptTimeoutMs: 10_000,
  })
  if (isThere || caller.state() === caller.State.IDLE) return
  const isBusy = caller.transferCause() === caller.TransferCause.TARGETREJECT
  await caller.filePlayer.say(isBusy ? 'All of us are on the telephone.' : 'Nobody is at his desk.')
})

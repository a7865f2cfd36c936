import { type Channel, inbound, menu } from 'ringdown'

const DEPARTMENTS = {
  1: { name: 'Sales', to: 'sip:sales@sales' },
  2: { name: 'Support', to: 'sip:support@support' },
  0: { name: 'The porter', to: 'sip:porter@porter' },
}

/** Asks whom the caller wants to talk to, and stays with him until somebody has him. */
export default inbound(async (caller) => {
  await caller.answer()
  for (;;) {
    const department = await menu(caller, {
      prompt: { textToSay: 'For sales, press 1. For support, press 2. For the porter, press 0.' },
      choices: DEPARTMENTS,
    })
    if (department === undefined) break
    if (await caller.managedTransfer(department.to, { timeoutMs: 20_000 })) return
    await caller.filePlayer.say(`${department.name} ${whatHappened(caller)}.`)
  }
  await caller.filePlayer.say('Goodbye.')
})

function whatHappened(caller: Channel): string {
  const { transfer } = caller.details ?? {}
  switch (caller.transferCause()) {
    case caller.TransferCause.TARGETREJECT:
      return transfer?.rawCause === 486 ? 'is on the telephone' : 'cannot take the call'
    case caller.TransferCause.TIMEOUT:
      return 'does not answer'
    case caller.TransferCause.TARGETHANGUP:
      return 'hung up'
    default:
      return 'cannot be reached at present'
  }
}

import { type AppContext, type Channel, inbound } from 'ringdown'

/** Calls from the outside: whoever of the two is there takes them. */
export const reception = inbound(async (caller, app) => {
  await caller.ring({ earlyMedia: true, loopRingtone: true })
  for (const user of ['alice', 'bob']) {
    if (await joined(caller, app, `user:${user}`)) return
  }
  await caller.answer()
  await caller.filePlayer.play('nobody-is-here.wav')
})

/** Calls from our phones: `alice` and `bob` are users, whatever else is dialled is a number. */
export const extensions = inbound(async (caller, app) => {
  // What comes in by the trunk must not go out by it again: that would be a gift to swindlers.
  if (caller.details?.trunk !== undefined) {
    await caller.reject(caller.Cause.UNOBTAINABLE)
    return
  }
  const dialled = decodeURIComponent(/^sips?:([^@;]+)@/.exec(caller.details?.target ?? '')?.[1] ?? '')
  const to = ['alice', 'bob'].includes(dialled) ? `user:${dialled}` : dialled
  await caller.ring({ earlyMedia: true, loopRingtone: true })
  if (!(await joined(caller, app, to))) await caller.reject(caller.Cause.NOANSWER)
})

/** Calls somebody and joins the two for as long as they talk. @returns whether they did */
async function joined(caller: Channel, app: AppContext, to: string): Promise<boolean> {
  const [line] = app.extraChannels
  if (line === undefined || (await line.call(to, { timeoutMs: 20_000 })) !== line.State.ANSWERED) return false
  await caller.answer()
  await caller.connect(line)
  await Promise.race([caller.waitForIdle(), line.waitForIdle()])
  return true
}

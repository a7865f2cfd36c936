import { outbound } from 'ringdown'
import { Reporter } from './report.ts'

/** Is asked by REFER to call somebody: does so, and plays ringback to him until he hangs up; but refuses users named `barred`. */
export default outbound(async (channel, { refer }) => {
  if (refer === undefined) return
  if (refer.to.startsWith('sip:barred@')) {
    await refer.reject('BARRED')
    return
  }
  const reporter = new Reporter('asked-to-call', channel)
  const isThere = await refer.perform()
  if (isThere) channel.tonePlayer.start('RINGBACK', { loop: true })
  await channel.waitForIdle()
  reporter.send({ isThere, referredBy: refer.referredBy })
})

import type { RejectCause } from '../../../cause-map.ts'
import { type AppFunction, Cause, type Channel } from '../../../index.ts'
import type { Chance } from './random-party.ts'

/** What the application of a service of ours says when it fails, as it is meant to. */
export const PLANNED_FAILURE = 'this service fails now and then'

const REFUSALS: readonly RejectCause[] = [
  Cause.BUSY,
  Cause.REJECTED,
  Cause.NOANSWER,
  Cause.NOCHANNELS,
  Cause.OUTOFORDER,
]

/**
 * A service of ours, as callers are transferred to: answers, at once or late, refuses, fails or ends without a word, or lets it
 * ring for ever; then holds, and hangs up, fails or ends at some time, or stays.
 */
export function randomService(
  choose: Chance,
  sleep: (ms: number) => Promise<void>,
  stayMs: number,
  onChannel: (channel: Channel) => void,
): AppFunction {
  return async (channel) => {
    onChannel(channel)
    if (choose.maybe(0.5)) await sleep(choose.delayMs(6000))
    if (choose.maybe(0.4)) {
      await channel.ring({ earlyMedia: choose.maybe(0.4) })
      await sleep(choose.delayMs(6000))
    }
    const how = choose.one(['answers', 'answers', 'answers', 'answers', 'refuses', 'fails', 'ends', 'nothing'])
    if (how === 'refuses') await channel.reject(choose.one(REFUSALS))
    else if (how === 'fails') throw new Error(PLANNED_FAILURE)
    else if (how === 'nothing') await channel.waitForIdle()
    if (how !== 'answers') return
    if ((await channel.answer()) !== 'ANSWERED') return
    if (choose.maybe(0.2)) {
      await sleep(choose.delayMs(stayMs))
      await channel.hold()
      await sleep(choose.delayMs(stayMs))
      await channel.retrieve()
    }
    const end = choose.one(['hangs up', 'fails', 'ends', 'stays', 'stays', 'stays'])
    if (end === 'stays') await channel.waitForIdle()
    else await sleep(choose.delayMs(stayMs))
    if (end === 'hangs up') await channel.hangUp()
    else if (end === 'fails') throw new Error(PLANNED_FAILURE)
  }
}

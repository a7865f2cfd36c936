import { UsageError } from '../../kit/index.ts'
import type { ChannelCore } from '../channel-core.ts'
import type { FilePlayer } from '../file-player.ts'
import type { Leg } from '../leg.ts'
import type { MediaToPlay } from '../playable-media.ts'
import { NO_DETECTION } from './far-end-options.ts'
import type { FarEndWatch } from './far-end-watch.ts'
import { GreetingEnd } from './greeting-end.ts'
import { LeavingMessage, type MessageReport } from './leaving-message.ts'

/** When {@link Channel.waitForAnswerMachine} takes a greeting for over. */
export interface AnswerMachineOptions {
  /** What is shorter is no beep. Default 180 ms. */
  minBeepMs?: number
  /** How long it has to be quiet after a beep. Default 1,000 ms. */
  postBeepSilenceMs?: number
  /** How long it has to be quiet where there is no beep. Default 4,000 ms. */
  noBeepSilenceMs?: number
  /** Default 10,000 ms. */
  timeoutMs?: number
}

/** How {@link Channel.leaveMessage} waits. */
export interface LeaveMessageOptions {
  /** How long a greeting may be; after that the message is spoken all the same. Default 60,000 ms. */
  timeoutMs?: number
  /** How often the message is begun, where the greeting goes on meanwhile, 1 to 10. Default 3. */
  mostAttempts?: number
}

/** @returns whether the greeting was over in time */
export async function waitForAnswerMachine(core: ChannelCore, options: AnswerMachineOptions): Promise<boolean> {
  const { minBeepMs = 180, postBeepSilenceMs = 1000, noBeepSilenceMs = 4000, timeoutMs = 10_000 } = options
  checkMs('waitForAnswerMachine', { minBeepMs, postBeepSilenceMs, noBeepSilenceMs, timeoutMs })
  const { leg, watch } = await listened(core, 'waitForAnswerMachine')
  let isOver = false
  const end = new GreetingEnd(core.host, watch.details, { minBeepMs, postBeepSilenceMs, noBeepSilenceMs }, () => {
    isOver = true
    leg.checkWaiting()
  })
  let stop = (): void => {}
  await core.do(() => {
    stop = watch.on(() => end.look())
    end.look()
  })
  await core.waitAtMost(timeoutMs, leg, () => isOver || leg.isEnding)
  end.stop()
  stop()
  return isOver
}

/** @returns what has become of the message */
export async function leaveMessage(
  core: ChannelCore,
  player: FilePlayer,
  media: MediaToPlay | string,
  options: LeaveMessageOptions,
): Promise<MessageReport> {
  const { timeoutMs = 60_000, mostAttempts = 3 } = options
  checkMs('leaveMessage', { timeoutMs })
  if (!(Number.isInteger(mostAttempts) && mostAttempts >= 1 && mostAttempts <= 10))
    throw new UsageError(`leaveMessage: mostAttempts must be 1 to 10, not ${mostAttempts}`)
  const message = player.check(typeof media === 'string' ? { fileToPlay: media } : media)
  const { leg, watch } = await listened(core, 'leaveMessage')
  return new LeavingMessage(core, leg, watch, player, message, { timeoutMs, mostAttempts }).run()
}

/** The far end of an answered call, and who listens to it. */
async function listened(core: ChannelCore, what: string): Promise<{ leg: Leg; watch: FarEndWatch }> {
  const leg = core.requireAnswered(`channel.${what}`)
  if (core.host.farEnd === undefined) throw new UsageError(`${what}: ${NO_DETECTION}`)
  let watch = leg.farEnd
  if (watch === undefined)
    await core.do(() => {
      watch = leg.watchFarEnd()
      watch.note('answered')
    })
  return { leg, watch: watch as FarEndWatch }
}

function checkMs(what: string, times: Readonly<Record<string, number>>): void {
  for (const [name, ms] of Object.entries(times))
    if (!(ms > 0 && ms <= MOST_MS))
      throw new UsageError(`${what}: ${name} must be above 0 and at most ${MOST_MS} ms, not ${ms}`)
}

const MOST_MS = 600_000

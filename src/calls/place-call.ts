import { UsageError } from '../kit/index.ts'
import { checkToneOptions } from './call-progress.ts'
import { carriedCall } from './carried-call.ts'
import type { ChannelCore } from './channel-core.ts'
import { type AbortLike, type CallOptions, checkCodecs } from './channel-options.ts'
import { headersOf } from './channel-sip.ts'
import { State } from './enums.ts'
import { farEndSettings } from './far-end/far-end-options.ts'
import type { Leg } from './leg.ts'
import { type OutgoingCall, OutgoingLeg } from './outgoing-leg.ts'
import { redirectPolicy } from './routing/redirects.ts'

/**
 * Places a call on an idle channel; resolves when it has begun.
 * @param diverts the call that it carries on
 * @param asked what a far end has asked for (REFER)
 * @throws UsageError when the channel is not IDLE, or for a destination or options that cannot be
 */
export async function placeCall(
  core: ChannelCore,
  to: string,
  options: CallOptions,
  diverts: Leg | undefined,
  asked: Pick<OutgoingCall, 'referredBy' | 'replaces'> = {},
): Promise<OutgoingLeg> {
  if (core.isClosed) throw new UsageError('call: this channel was closed')
  if (core.isPlacing || core.state !== State.IDLE)
    throw new UsageError(`call needs a channel in state IDLE; this one is ${core.state}`)
  const call = { ...outgoingCall(core, to, options, diverts), ...asked }
  const { host } = core
  const { signal } = options
  core.isPlacing = true
  const leg = await new Promise<OutgoingLeg>((resolve) => {
    host.post(() => {
      core.isPlacing = false
      const placed = new OutgoingLeg(host, call, core)
      core.attach(placed)
      // Nothing has been sent yet, and nothing will be.
      if (signal?.aborted) placed.hangUp('local')
      resolve(placed)
    })
  })
  if (signal !== undefined) hangUpOnAbort(core, leg, signal)
  return leg
}

function outgoingCall(core: ChannelCore, to: string, options: CallOptions, diverts: Leg | undefined): OutgoingCall {
  const { timeoutMs = 120_000, codecs, from, anonymous } = options
  if (timeoutMs !== null && !(timeoutMs > 0))
    throw new UsageError(`call: timeoutMs must be above 0, or null for no limit, not ${timeoutMs}`)
  checkCodecs('call', codecs)
  checkToneOptions(options)
  const { host, maxForwards } = core
  const farEnd = farEndSettings(options, host.farEnd !== undefined)
  const headers = headersOf('call', core, options.headers)
  const destination = host.router.resolve(to)
  const carried = options.diverts === undefined ? undefined : carriedCall(diverts, options.diversionReason)
  return {
    to,
    destination,
    caller: {
      ...carried?.caller,
      ...(from !== undefined && { from }),
      ...(anonymous !== undefined && { isAnonymous: anonymous }),
    },
    headers,
    timeoutMs,
    tones: options,
    ...(codecs && { codecs }),
    ...(carried && { diverted: carried.diverted }),
    ...(maxForwards !== undefined && { maxForwards }),
    ...(options.redirects && { redirects: redirectPolicy(options.redirects) }),
    ...(farEnd && { farEnd }),
  }
}

function hangUpOnAbort({ host }: ChannelCore, leg: OutgoingLeg, signal: AbortLike): void {
  const onAbort = () => host.post(() => leg.hangUp('local'))
  if (signal.aborted) onAbort()
  else signal.addEventListener('abort', onAbort)
  void leg.until(() => leg.state === State.IDLE).then(() => signal.removeEventListener('abort', onAbort))
}

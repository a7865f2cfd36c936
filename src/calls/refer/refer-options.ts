import { UsageError } from '../../kit/index.ts'
import type { ChannelCore } from '../channel-core.ts'
import { checkTimeout } from '../channel-options.ts'
import { headersOf } from '../channel-sip.ts'
import type { Leg } from '../leg.ts'
import type { ManagedTransferOptions } from '../transfer/transfer-options.ts'
import type { ReferPlan } from './sent-refer.ts'

/** How {@link Channel.attendedTransfer} goes. */
export interface AttendedTransferOptions {
  /** How long the far end may take until it has told how it went, in ms. Default 120,000. */
  timeoutMs?: number
  /** Further SIP headers of the REFER. */
  headers?: Readonly<Record<string, string>>
  /**
   * Where the far end refuses to call anybody by itself (405, 603, ...), the two calls are connected here instead, for as
   * long as both want. Default false.
   */
  bridgeIfRefused?: boolean
}

/** How {@link Channel.blindTransfer} goes. */
export interface BlindTransferOptions extends Omit<AttendedTransferOptions, 'bridgeIfRefused'> {
  /**
   * Where the far end refuses to call anybody by itself (405, 603, ...), the target is called and connected here instead, by
   * `managedTransfer`: with its defaults, or with these options. Default false.
   */
  bridgeIfRefused?: boolean | ManagedTransferOptions
}

/** @throws UsageError for options that cannot be */
export function planRefer(
  what: string,
  core: ChannelCore,
  leg: Leg,
  { timeoutMs = 120_000, headers }: AttendedTransferOptions,
): Pick<ReferPlan, 'timeoutMs' | 'headers'> {
  checkTimeout(what, timeoutMs)
  const given = headersOf(what, core, headers)
  const isThere = given.some(([name]) => /^(referred-by|b)$/i.test(name))
  return { timeoutMs, headers: isThere ? given : [['Referred-By', `<${ownUri(leg)}>`], ...given] }
}

/** Ours in the dialog of a call: who refers (RFC 3892). */
export function ownUri({ details: { direction, from, to } }: Leg): string {
  return direction === 'inbound' ? to : from
}

/**
 * The URI that a far end is given for what an application dials: one that leads there from where the far end is. A number
 * takes the trunk that the call is on; on any other call it leads to us, as does a user of ours.
 * @throws UsageError for what only we can call, or what nobody can
 */
export function uriForFarEnd(what: string, core: ChannelCore, leg: Leg, to: string): string {
  if (typeof to !== 'string') throw new UsageError(`${what}: the target must be a string, not ${JSON.stringify(to)}`)
  const uri = core.host.router.uriFor(to, leg.trunk)
  if (uri === undefined)
    throw new UsageError(
      `${what}: "${to}" is inside of this exchange, and no far end can call it: give a sip: URI or a number, or use managedTransfer`,
    )
  return uri
}

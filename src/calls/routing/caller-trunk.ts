import type { Trunk } from './trunk.ts'

/**
 * The trunk that a call comes from: the one whose name the far end has proven with a password, or else the one that
 * owns the address which the request came from. `undefined` for users and strangers.
 *
 * @param user who has authenticated, if anybody had to
 */
export function trunkOfCaller(trunks: readonly Trunk[], address: string, user: string | undefined): Trunk | undefined {
  if (user !== undefined) return trunks.find(({ inbound }) => inbound?.username === user)
  return trunks.find(({ inbound }) => inbound?.addresses?.includes(address) === true)
}

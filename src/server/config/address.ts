import { isIP, isIPv4 } from 'node:net'

// Each message that is sent asks such things several times, and `isIP` is two regular expressions: a colon tells nearly as much.

/** Whether `address` is an IP address that only this machine can reach. */
export function isLoopback(address: string): boolean {
  if (address.startsWith('127.')) return isIPv4(address)
  return address === '::1' || (address.startsWith('::') && /^::ffff:127\./i.test(address))
}

/** Whether `address` means "every address of this machine". */
export function isWildcard(address: string): boolean {
  return address === '0.0.0.0' || (isIPv6(address) && /^[0:]+$/.test(address))
}

export function familyOf(address: string): 4 | 6 {
  return isIPv6(address) ? 6 : 4
}

/** An address as it stands in a URI or Via: IPv6 in brackets. */
export function hostOf(address: string): string {
  return isIPv6(address) ? `[${address}]` : address
}

function isIPv6(address: string): boolean {
  return address.includes(':') && isIP(address) === 6
}

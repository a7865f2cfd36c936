import { isIP, isIPv4 } from 'node:net'

/** Whether `address` is an IP address that only this machine can reach. */
export function isLoopback(address: string): boolean {
  return isIPv4(address) ? address.startsWith('127.') : address === '::1' || /^::ffff:127\./i.test(address)
}

/** Whether `address` means "every address of this machine". */
export function isWildcard(address: string): boolean {
  return address === '0.0.0.0' || (isIP(address) === 6 && /^[0:]+$/.test(address))
}

export function familyOf(address: string): 4 | 6 {
  return isIP(address) === 6 ? 6 : 4
}

/** An address as it stands in a URI or Via: IPv6 in brackets. */
export function hostOf(address: string): string {
  return isIP(address) === 6 ? `[${address}]` : address
}

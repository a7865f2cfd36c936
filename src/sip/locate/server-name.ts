import type { Transport } from '../endpoint/control.ts'

/** A server that is known by its host name: what a URI says of the way to it (RFC 3263 section 4). */
export interface ServerName {
  readonly host: string
  /** When the URI names one: then there are no SRV records to look for. */
  readonly port?: number
  /** When the URI names one: then there are no NAPTR records to look for. */
  readonly transport?: Transport
  /** The URI is a SIPS one: only TLS will do. */
  readonly isSecure?: boolean
}

/** Whether a host is an IPv4 or IPv6 address, in brackets or not, so that no DNS is needed. */
export function isNumericHost(host: string): boolean {
  if (host.includes(':')) return true
  for (let i = 0; i < host.length; i++) {
    const code = host.charCodeAt(i)
    if (code !== 0x2e && (code < 0x30 || code > 0x39)) return false
  }
  return host !== ''
}

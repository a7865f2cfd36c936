import type { Transport } from '../endpoint/control.ts'
import type { NaptrRecord } from './dns.ts'

/** A transport, and the name of the SRV records of those who speak it. */
export interface Way {
  readonly transport: Transport
  readonly name: string
}

const TRANSPORT_OF_SERVICE: Readonly<Record<string, string>> = { 'SIP+D2U': 'udp', 'SIP+D2T': 'tcp', 'SIPS+D2T': 'tls' }

/**
 * The ways that NAPTR records offer (RFC 3263 section 4.1), the best first. Those of other protocols, of transports
 * that we do not speak, and those that lead to anything but SRV records are passed over.
 */
export function waysOf(records: readonly NaptrRecord[], transports: readonly Transport[]): Way[] {
  return [...records]
    .sort((a, b) => a.order - b.order || a.preference - b.preference)
    .flatMap(({ flags, service, replacement }) => {
      const name = TRANSPORT_OF_SERVICE[service.toUpperCase()]
      const transport = transports.find((each) => each === name)
      return transport === undefined || flags.toLowerCase() !== 's' || replacement === ''
        ? []
        : [{ transport, name: replacement }]
    })
}

/** The name of the SRV records of a domain for a transport (RFC 3263 section 4.1). */
export function srvName(transport: Transport, host: string): string {
  return transport === 'tls' ? `_sips._tcp.${host}` : `_sip._${transport}.${host}`
}

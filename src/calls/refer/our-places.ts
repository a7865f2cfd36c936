import { type LocalAddress, type Peer, parseUri } from '../../sip/index.ts'
import type { ExchangeOptions } from '../exchange-port.ts'
import type { OurPlaces } from './refer-policy.ts'

/** What an exchange with these options calls its own. */
export function ourPlaces({ services, numbering, users, sip }: ExchangeOptions): OurPlaces {
  const names = new Set(users?.names)
  const hosts = new Set(users?.hosts.map((host) => host.toLowerCase()))
  const identity = parseUri(sip.identity)
  if (identity.ok && identity.value.scheme !== 'tel') hosts.add(withPort(identity.value))
  return {
    isOurs: (host, from: Peer) =>
      hosts.has(host.toLowerCase()) || withPort(sip.localAddress(from)) === host.toLowerCase(),
    hasUser: (name) => names.has(name),
    services,
    numbering,
  }
}

function withPort({ host, port = 5060 }: Partial<LocalAddress> & { readonly host: string }): string {
  return (port === 5060 ? host : `${host}:${port}`).toLowerCase()
}

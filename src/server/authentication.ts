import type { Random } from '../kit/index.ts'
import { DigestServer, type EndpointAuthentication } from '../sip/index.ts'
import type { Settings } from './config/settings.ts'

/**
 * Who must show a password: whoever registers a phone; and whoever calls, but for the addresses of trunks, unless strangers
 * are let in. Empty when nobody has to.
 *
 * @param isRegistrar whether an address has taken the registration of a trunk, so that calls from there are the trunk's
 */
export function authenticationOf(
  settings: Settings,
  random: Random,
  isRegistrar: (address: string) => boolean,
): { readonly authentication?: EndpointAuthentication } {
  const { trunks, users, authentication } = settings
  const letsAllCall = authentication.strangers === 'allow'
  if (letsAllCall && users.length === 0) return {}
  const trusted = new Set(trunks.flatMap(({ inboundAddresses }) => inboundAddresses))
  const known = new Map(
    [...users, ...trunks.flatMap(({ inboundCredentials }) => inboundCredentials ?? [])].map(
      ({ username, password }) => [username, { password }],
    ),
  )
  const server = new DigestServer({
    realm: authentication.realm,
    algorithms: authentication.algorithms,
    random,
    lookup: (username) => known.get(username),
  })
  const mayCall = (address: string) => letsAllCall || trusted.has(address) || isRegistrar(address)
  return {
    authentication: { requires: ({ method }, { address }) => method === 'REGISTER' || !mayCall(address), server },
  }
}

import type { Random } from '../kit/index.ts'
import { DigestServer, type EndpointAuthentication } from '../sip/index.ts'
import type { Settings } from './config/settings.ts'

/**
 * Who must show a password: whoever registers a phone; and whoever calls, but for the addresses of trunks, unless strangers
 * are let in. `undefined` when nobody has to.
 */
export function authenticationOf(settings: Settings, random: Random): EndpointAuthentication | undefined {
  const { trunks, users, authentication } = settings
  const letsAllCall = authentication.strangers === 'allow'
  if (letsAllCall && users.length === 0) return undefined
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
  return {
    requires: ({ method }, from) => method === 'REGISTER' || !(letsAllCall || trusted.has(from.address)),
    server,
  }
}

import type { Random } from '../kit/index.ts'
import { DigestServer, type EndpointAuthentication } from '../sip/index.ts'
import type { Settings } from './config/settings.ts'

/**
 * Who must show a password: everybody but the addresses of trunks, unless strangers are let in. `undefined` when
 * nobody has to.
 */
export function authenticationOf(settings: Settings, random: Random): EndpointAuthentication | undefined {
  const { trunks, users, authentication } = settings
  if (authentication.strangers === 'allow') return undefined
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
  return { requires: (_request, from) => !trusted.has(from.address), server }
}

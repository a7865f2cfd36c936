import type { Random } from '../kit/index.ts'
import {
  DigestServer,
  type EndpointAuthentication,
  LockOut,
  parseNameAddr,
  parseUri,
  unescapeUri,
} from '../sip/index.ts'
import { AddressRanges } from './address-ranges.ts'
import type { LockOutSettings, Settings } from './config/settings.ts'

/**
 * Who must show a password: whoever registers a phone; and whoever calls, but for the addresses of trunks, unless strangers
 * are let in. Nobody at an address that one's user trusts. Empty when nobody has to.
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
    [...users, ...trunks.flatMap(({ inboundCredentials }) => inboundCredentials ?? [])].flatMap(
      ({ username, password }) => (password === undefined ? [] : [[username, { password }]]),
    ),
  )
  const server = new DigestServer({
    realm: authentication.realm,
    algorithms: authentication.algorithms,
    random,
    lookup: (username) => known.get(username),
    ...(authentication.lockOut && { lockOut: lockOutOf(authentication.lockOut) }),
  })
  const mayCall = (address: string) => letsAllCall || trusted.has(address) || isRegistrar(address)
  return {
    authentication: {
      requires: ({ method }, { address }) => method === 'REGISTER' || !mayCall(address),
      server,
      ...vouching(users),
    },
  }
}

function lockOutOf({ failures, addressFailures, withinS, forS, except }: LockOutSettings): LockOut {
  const shared = new AddressRanges(except)
  const isShared = (address: string) => shared.has(address)
  return new LockOut({ failures, addressFailures, withinMs: 1000 * withinS, forMs: 1000 * forS, isShared })
}

/** Users are believed at the addresses that they trust: whom a REGISTER is for, and from whom any other request is. */
function vouching(users: Settings['users']): Pick<EndpointAuthentication, 'vouchedUser'> {
  const trust = new Map(
    users.flatMap(({ username, trust }) => (trust.length === 0 ? [] : [[username, new AddressRanges(trust)]])),
  )
  if (trust.size === 0) return {}
  return {
    vouchedUser: ({ method, headers }, { address }) => {
      const user = userIn(headers.get(method === 'REGISTER' ? 'to' : 'from'))
      return user !== undefined && trust.get(user)?.has(address) === true ? user : undefined
    },
  }
}

function userIn(header: string | undefined): string | undefined {
  const party = parseNameAddr(header ?? '')
  const uri = party.ok ? parseUri(party.value.uri) : undefined
  if (!uri?.ok || uri.value.scheme === 'tel' || uri.value.user === undefined) return undefined
  return unescapeUri(uri.value.user)
}

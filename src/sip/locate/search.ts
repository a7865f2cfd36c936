import type { Random } from '../../kit/index.ts'
import { defaultPort } from '../dialog/route.ts'
import type { Peer, Transport } from '../endpoint/control.ts'
import type { DnsQuestion, NaptrRecord, SrvRecord } from './dns.ts'
import { srvName, type Way, waysOf } from './naptr.ts'
import { isNumericHost, type ServerName } from './server-name.ts'
import { srvOrder } from './srv-order.ts'

/** What a search does next: it asks, and goes on with what was found; or it has found a target. */
export type SearchStep =
  | { readonly ask: readonly DnsQuestion[] }
  /** `isLast`: there is no other to try. */
  | { readonly target: Peer; readonly isLast: boolean }

/** What DNS said to one question: the records, none when there are none, and why when nobody could say. */
export interface Found {
  readonly records: readonly unknown[]
  readonly failure?: string
}

/** What a search is made with. */
export interface SearchMeans {
  /** Those that we speak, the preferred first. */
  readonly transports: readonly Transport[]
  readonly random: Random
  /** Whether a target failed lately: it is then tried after all others. */
  readonly isAvoided: (peer: Peer) => boolean
}

/** Of one name at most so many SRV records and addresses are tried: no zone makes us call for ever. */
const MOST_CANDIDATES = 16
const MOST_ADDRESSES = 8

/**
 * The targets of a server, one by one in the order in which they are to be tried (RFC 3263 section 4): NAPTR gives the
 * transports, SRV the hosts, A and AAAA the addresses. What the URI says already is not asked for. Addresses are asked
 * for only when their turn comes.
 * @returns why there are no more
 */
export function* search(server: ServerName, means: SearchMeans): Generator<SearchStep, string, readonly Found[]> {
  const candidates = yield* candidatesOf(server, means)
  const avoided: Peer[] = []
  let reason = `${server.host} names no server for a transport that we speak`
  for (const [index, { transport, host, port }] of candidates.entries()) {
    const addresses: readonly string[] = isNumericHost(host) ? [host] : yield* addressesOf(host)
    if (addresses.length === 0) reason = `${host} has no address that we can reach`
    for (const [which, address] of addresses.entries()) {
      // The certificate of a TLS server is for what was dialled (RFC 5922 section 4).
      const target = { transport, address, port, ...(transport === 'tls' && { name: server.host }) }
      const isLast = index === candidates.length - 1 && which === addresses.length - 1 && avoided.length === 0
      if (!isLast && means.isAvoided(target)) avoided.push(target)
      else yield { target, isLast }
    }
  }
  for (const [index, target] of avoided.entries()) yield { target, isLast: index === avoided.length - 1 }
  return reason
}

interface Candidate {
  readonly transport: Transport
  readonly host: string
  readonly port: number
}

/** Hosts and ports with their transport (RFC 3263 sections 4.1 and 4.2). */
function* candidatesOf(
  { host, port, transport, isSecure = false }: ServerName,
  { transports: spoken, random }: SearchMeans,
): Generator<SearchStep, readonly Candidate[], readonly Found[]> {
  const transports: readonly Transport[] = isSecure ? ['tls'] : spoken
  const fallback = transport ?? transports[0] ?? 'udp'
  const itself = { transport: fallback, host, port: port ?? defaultPort(fallback) }
  // RFC 6761 section 6.3: nobody asks DNS for localhost.
  if (port !== undefined || host === 'localhost' || host.endsWith('.localhost')) return [itself]
  const ways: readonly Way[] =
    transport === undefined ? yield* waysTo(host, transports) : [{ transport, name: srvName(transport, host) }]
  const found = yield { ask: ways.map(({ name }) => ({ type: 'SRV', name })) }
  const offers = ways.map((way, i) => ({ way, records: (found[i]?.records ?? []) as readonly SrvRecord[] }))
  // Without any SRV record the host itself is the server.
  if (offers.every(({ records }) => records.length === 0)) return [itself]
  return offers
    .flatMap(({ way, records }) =>
      srvOrder(records.filter(isOffered), random).map((record) => ({
        transport: way.transport,
        host: record.target,
        port: record.port,
      })),
    )
    .slice(0, MOST_CANDIDATES)
}

function* waysTo(
  host: string,
  transports: readonly Transport[],
): Generator<SearchStep, readonly Way[], readonly Found[]> {
  const [found] = yield { ask: [{ type: 'NAPTR', name: host }] }
  const ways = waysOf((found?.records ?? []) as readonly NaptrRecord[], transports)
  return ways.length > 0 ? ways : transports.map((transport) => ({ transport, name: srvName(transport, host) }))
}

function* addressesOf(host: string): Generator<SearchStep, readonly string[], readonly Found[]> {
  const [found] = yield { ask: [{ type: 'ADDRESS', name: host }] }
  return ((found?.records ?? []) as readonly string[]).slice(0, MOST_ADDRESSES)
}

function isOffered({ target }: SrvRecord): boolean {
  return target !== '' && target !== '.'
}

import { err, ok, type Result } from '../../kit/index.ts'
import type { Peer, Transport } from '../endpoint/control.ts'
import { isNumericHost, type ServerName } from '../locate/server-name.ts'
import { parseNameAddr, parseUri, printUri, type SipUri, withParam } from '../message/index.ts'

/** What a route set makes of a request: its Request-URI, and its Route headers in order. */
export interface RoutedRequest {
  readonly requestUri: string
  readonly routes: readonly string[]
}

/**
 * Applies a route set to a request for `target` (RFC 3261 section 12.2.1.1). A first hop with `lr` routes loosely:
 * the Request-URI is the target. One without it is a strict router of RFC 2543: it wants its own URI as the
 * Request-URI, and the target comes last in Route.
 */
export function routeOf(routeSet: readonly string[], target: string): RoutedRequest {
  const first = routeSet[0]
  if (first === undefined) return { requestUri: target, routes: [] }
  const hop = parseNameAddr(first)
  const uri = hop.ok ? parseUri(hop.value.uri) : hop
  if (!uri.ok || uri.value.scheme === 'tel' || uri.value.params.has('lr'))
    return { requestUri: target, routes: routeSet }
  const { headers: _, ...plain } = uri.value
  const requestUri = printUri({ ...plain, params: withParam(plain.params, 'method', undefined) })
  return { requestUri, routes: [...routeSet.slice(1), `<${target}>`] }
}

/**
 * Where a request for a SIP or SIPS URI is sent, before any DNS (RFC 3261 section 8.1.2, RFC 3263 section 4): `maddr` or
 * the host; UDP unless `transport` says TCP or TLS, always TLS for SIPS; the port, else 5060, for TLS 5061. A tel URI
 * leads nowhere. A host name becomes a peer whose `server` says what is to be located.
 */
export function peerOf(uriText: string): Result<Peer> {
  const uri = parseUri(uriText)
  if (!uri.ok) return uri
  if (uri.value.scheme === 'tel') return err('no way to send to a tel URI')
  const transport = transportOf(uri.value)
  if (!transport.ok) return transport
  const { scheme, host, port, params } = uri.value
  const address = params.get('maddr') ?? host
  const peer: Peer = {
    transport: transport.value,
    address: address.startsWith('[') ? address.slice(1, -1) : address,
    port: port ?? defaultPort(transport.value),
  }
  if (isNumericHost(peer.address)) return ok(peer)
  const server: ServerName = {
    host: address,
    ...(port !== undefined && { port }),
    ...(params.has('transport') && { transport: transport.value }),
    ...(scheme === 'sips' && { isSecure: true }),
  }
  return ok({ ...peer, server })
}

/** Whether this is a SIPS URI. */
export function isSips(uri: string): boolean {
  return /^sips:/i.test(uri)
}

/** Where SIP is spoken when nothing names a port (RFC 3261 section 19.1.2). */
export function defaultPort(transport: Transport): number {
  return transport === 'tls' ? 5061 : 5060
}

/** `transport=tls` is deprecated and everywhere; with SIPS, `tcp` means TLS over TCP (RFC 3261 section 26.2.2). */
function transportOf({ scheme, params }: SipUri): Result<Transport> {
  const named = params.get('transport')?.toLowerCase()
  if (scheme === 'sips')
    return named === undefined || named === 'tcp' || named === 'tls' ? ok('tls') : noTransport(named)
  if (named === undefined || named === 'udp') return ok('udp')
  return named === 'tcp' || named === 'tls' ? ok(named) : noTransport(named)
}

function noTransport(name: string): Result<Transport> {
  return err(`no transport ${name.slice(0, 20)}`)
}

/** A request on its way to its first hop. */
export interface WayOut extends RoutedRequest {
  readonly peer: Peer
}

/**
 * How a request outside of a dialog goes out (RFC 3261 section 8.1.2): to `via` where that is given, else to the first of
 * its routes, else to its URI.
 */
export function wayOutOf(uri: string, routeSet: readonly string[] = [], via?: Peer): Result<WayOut> {
  const routed = routeSet.length === 0 ? { requestUri: uri, routes: routeSet } : routeOf(routeSet, uri)
  if (via !== undefined) return ok({ ...routed, peer: via })
  const hop = routeSet[0] === undefined ? undefined : parseNameAddr(routeSet[0])
  if (hop?.ok === false) return hop
  const peer = peerOf(hop === undefined ? uri : hop.value.uri)
  return peer.ok ? ok({ ...routed, peer: peer.value }) : peer
}

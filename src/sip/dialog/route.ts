import { parseNameAddr, parseUri, printUri, withParam } from '../message/index.ts'

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

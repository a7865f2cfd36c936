import { defaultPort } from '../dialog/route.ts'
import type { Peer } from '../endpoint/control.ts'
import { printParam, printVia, type SipRequest, type Via } from '../message/index.ts'
import { isReliable } from './send.ts'

/**
 * Notes in the topmost Via where a request really came from: `received` when that is not what the Via says (RFC 3261
 * section 18.2.1), and both `received` and `rport` when the client asked for it (RFC 3581 section 4). What the
 * client claims in their place is overwritten.
 */
export function noteSource(request: SipRequest, via: Via, from: Peer): void {
  const { params } = via
  const wantsPort = params.has('rport')
  const isElsewhere = bare(via.host) !== from.address
  if (!wantsPort && !isElsewhere && !params.has('received')) return
  let noted = ''
  for (const [name, value] of params) {
    const isPort = name === 'rport'
    noted += printParam(name, isPort ? String(from.port) : name === 'received' ? from.address : value)
  }
  if (!params.has('received')) noted += printParam('received', from.address)
  request.headers.replaceFirst('via', printVia(via, noted))
}

/**
 * Where the responses to a request go (RFC 3261 section 18.2.2, RFC 3263 section 5, RFC 3581 section 4): back on a
 * stream's connection, and should that be gone, on one to the source address at the port of the Via; to `maddr`; to the very source address and port when `rport` was asked for; else to the source address at the port
 * of the Via. A `maddr` counts only when it is an address: no stranger makes us look up names.
 */
export function replyTarget(via: Via, from: Peer): Peer {
  const { params } = via
  const port = via.port ?? defaultPort(from.transport)
  if (isReliable(from)) return port === from.port ? from : { ...from, port }
  const maddr = params.get('maddr')
  if (maddr !== undefined && isAddress(maddr)) return { transport: from.transport, address: bare(maddr), port }
  if (params.has('rport') || port === from.port) return from
  return { transport: from.transport, address: from.address, port }
}

/** A host without the brackets of an IPv6 reference. */
function bare(host: string): string {
  return host.startsWith('[') && host.endsWith(']') ? host.slice(1, -1) : host
}

function isAddress(host: string): boolean {
  return /^\d{1,3}(\.\d{1,3}){3}$/.test(host) || /^\[?[\da-f]*:[\da-f:.]+\]?$/i.test(host)
}

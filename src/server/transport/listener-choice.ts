import { isIP } from 'node:net'
import type { Peer, Transport } from '../../sip/index.ts'
import { familyOf, isLoopback, isWildcard } from '../config/address.ts'

/** A local socket that SIP is spoken on. */
export interface LocalSocket {
  readonly transport: Transport
  /** Where it is really bound; the port is never 0. */
  readonly address: string
  readonly port: number
}

/**
 * The socket of ours that faces `peer`: of its transport, its address family and its side (loopback or not), and among
 * those the one whose address has most in common with it. `undefined` when there is none of the transport and family.
 */
export function facing<Socket extends LocalSocket>(sockets: readonly Socket[], peer: Peer): Socket | undefined {
  let best: Socket | undefined
  let bestScore = 0
  for (const socket of sockets) {
    const score = closeness(socket, peer)
    if (score <= bestScore) continue
    best = socket
    bestScore = score
  }
  return best
}

/**
 * The transports of requests whose target leaves the choice to us (RFC 3263 section 4.1), the preferred first: those that
 * far ends reach us by, since their own requests come the same way; and TCP, which needs no listener to be sent over.
 */
export function spokenTransports(sockets: readonly LocalSocket[]): Transport[] {
  const listened = (['udp', 'tcp', 'tls'] as const).filter((each) =>
    sockets.some(({ transport }) => transport === each),
  )
  return listened.includes('tcp') ? listened : [...listened, 'tcp']
}

/** 0: cannot reach it at all. */
function closeness(socket: LocalSocket, peer: Peer): number {
  if (socket.transport !== peer.transport) return 0
  if (isIP(peer.address) === 0) return 1
  if (familyOf(socket.address) !== familyOf(peer.address)) return 0
  if (isWildcard(socket.address)) return 2
  if (isLoopback(socket.address) !== isLoopback(peer.address)) return 1
  return 3 + commonPrefix(socket.address, peer.address)
}

function commonPrefix(a: string, b: string): number {
  let length = 0
  while (length < a.length && a[length] === b[length]) length++
  return length
}

import type { Peer } from '../endpoint/control.ts'
import type { SipMessage } from '../message/index.ts'
import type { Send } from './port.ts'

/** A new {@link Send}, not printed yet. */
export function createSend(message: SipMessage, to: Peer): Send {
  return { type: 'send', message, to, bytes: undefined, callId: undefined }
}

/** The same, of which only the bytes will be needed again. */
export function createFinalSend(message: SipMessage, to: Peer): Send {
  return { type: 'send', message, to, bytes: undefined, callId: undefined, isOnlyBytes: true }
}

/** Whether messages to this peer cannot get lost on the way, so that nothing is retransmitted (RFC 3261 section 17). */
export function isReliable(peer: Peer): boolean {
  return peer.transport !== 'udp'
}

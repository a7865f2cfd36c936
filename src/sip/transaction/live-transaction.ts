import type { Peer } from '../endpoint/control.ts'
import type { InviteClient } from './invite-client.ts'
import type { InviteServer } from './invite-server.ts'
import type { RequestIdentity } from './matching.ts'
import type { NonInviteClient } from './non-invite-client.ts'
import type { NonInviteServer } from './non-invite-server.ts'

/** A client transaction, as the layer holds it. */
export interface LiveClient {
  readonly side: 'client'
  machine: InviteClient | NonInviteClient
  readonly branch: string
  /** A CANCEL of the layer's own. */
  readonly isCancel: boolean
  /** What `cancel` asked to put on the CANCEL, which may have to wait. */
  cancelHeaders: readonly (readonly [name: string, value: string])[] | undefined
  /** `cancel` was asked for. */
  isCancelled: boolean
  /** Where it would have gone over UDP, had it not been too long; until it goes there after all. */
  overUdp: Peer | undefined
  /** Its connection was lost once, and it went out on another one. */
  isSentAgain: boolean
}

/** A server transaction, as the layer holds it. */
export interface LiveServer {
  readonly side: 'server'
  readonly machine: InviteServer | NonInviteServer
  /** Under which it stands in the index. */
  readonly keys: string[]
  readonly ackKey: RequestIdentity['ofAck'] | undefined
  readonly merge: string | undefined
  /** A CANCEL has been passed on. */
  isCancelled: boolean
}

export type Live = LiveClient | LiveServer

/** A client transaction that has just been made. */
export function newClient(machine: LiveClient['machine'], branch: string, isCancel = false): LiveClient {
  return {
    side: 'client',
    machine,
    branch,
    isCancel,
    cancelHeaders: undefined,
    isCancelled: false,
    overUdp: undefined,
    isSentAgain: false,
  }
}

/** Whether what is sent to one goes the way of the other. */
export function isSamePeer(a: Peer, b: Peer): boolean {
  return (
    a === b ||
    (a.transport === b.transport && a.address === b.address && a.port === b.port && a.connection === b.connection)
  )
}

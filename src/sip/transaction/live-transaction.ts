import { Deadline } from '../../kit/index.ts'
import type { Peer } from '../endpoint/control.ts'
import type { InviteClient } from './invite-client.ts'
import type { InviteServer } from './invite-server.ts'
import type { RequestIdentity } from './matching.ts'
import type { NonInviteClient } from './non-invite-client.ts'
import type { NonInviteServer } from './non-invite-server.ts'

/** A client transaction, as the layer holds it. */
export class LiveClient {
  readonly side = 'client'
  readonly deadline: Deadline<Live> = new Deadline<Live>(this)
  machine: InviteClient | NonInviteClient
  readonly branch: string
  /** A CANCEL of the layer's own. */
  readonly isCancel: boolean
  /** What `cancel` asked to put on the CANCEL, which may have to wait. */
  cancelHeaders: readonly (readonly [name: string, value: string])[] | undefined
  /** `cancel` was asked for. */
  isCancelled = false
  /** Where it would have gone over UDP, had it not been too long; until it goes there after all. */
  overUdp: Peer | undefined
  /** Its connection was lost once, and it went out on another one. */
  isSentAgain = false

  constructor(machine: LiveClient['machine'], branch: string, isCancel = false) {
    this.machine = machine
    this.branch = branch
    this.isCancel = isCancel
  }
}

/** A server transaction, as the layer holds it. */
export class LiveServer {
  readonly side = 'server'
  readonly deadline: Deadline<Live> = new Deadline<Live>(this)
  readonly machine: InviteServer | NonInviteServer
  /** Under which it stands in the index. */
  readonly keys: string[]
  readonly ackKey: RequestIdentity['ofAck'] | undefined
  readonly merge: string | undefined
  /** A CANCEL has been passed on. */
  isCancelled = false

  constructor(
    machine: LiveServer['machine'],
    key: string,
    ackKey: RequestIdentity['ofAck'] | undefined,
    merge: string | undefined,
  ) {
    this.machine = machine
    this.keys = [key]
    this.ackKey = ackKey
    this.merge = merge
  }
}

export type Live = LiveClient | LiveServer

/** Whether what is sent to one goes the way of the other. */
export function isSamePeer(a: Peer, b: Peer): boolean {
  return (
    a === b ||
    (a.transport === b.transport && a.address === b.address && a.port === b.port && a.connection === b.connection)
  )
}

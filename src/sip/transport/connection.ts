import { type Instant, NEVER } from '../../kit/index.ts'
import type { Peer } from '../endpoint/control.ts'
import { SipStreamFramer } from '../message/index.ts'
import type { ConnectionId, Remote, StreamTransport } from './port.ts'

/** How many different peers (a host and port as the machine above names it) are remembered for one connection. */
const MOST_PEERS = 32

/** What waits for a connection to stand; a message more breaks it. */
export const MOST_HELD_BYTES = 2 ** 20

/** A request that got no answer of any kind for so long was sent into nothing: 64*T1 (RFC 3261 section 17.1.1.1). */
const SILENCE_MS = 32_000

/** How long a pong may take (RFC 5626 section 4.4.1). */
const PONG_MS = 10_000

export interface ConnectionTimes {
  /** 0: never. */
  readonly idleMs: number
  readonly openMs: number
  /** 0: no pings. */
  readonly pingEveryMs: number
}

/** Why a connection has reached a deadline. */
export type Due = 'opening' | 'silent' | 'idle' | 'ping'

/** What is known of one stream connection: who is at its other end, what waits for it, and when something is due. */
export class Connection {
  readonly id: ConnectionId
  readonly transport: StreamTransport
  readonly remote: Remote
  /** We made it. */
  readonly isOurs: boolean
  /** The source of what comes on it. */
  readonly peer: Peer
  readonly framer = new SipStreamFramer()
  /** Under which it can be found, see {@link routeKey}. */
  readonly keys: string[] = []
  /** Whom messages were sent to on it. */
  readonly peers: Peer[] = []
  /** The names that the far end has proven; emptied once it is known which of them it answers to. */
  identities: readonly string[] = []
  isOpen: boolean
  /** What is sent once it stands. */
  held: Uint8Array[] = []
  heldBytes = 0
  /** The deadline that was last set for it. */
  armedFor: Instant = NEVER
  readonly #times: ConnectionTimes
  readonly #startedAt: Instant
  /** When it was last used for anything but our own pings. */
  #usedAt: Instant
  /** Since when a request of ours waits for any sign of life. */
  #waitsSince: Instant = NEVER
  #pingedAt: Instant = NEVER
  #isPingOpen = false
  /** The far end has answered a ping before, so it will again (RFC 5626 section 4.4.1 lets it promise that). */
  #answersPings = false

  constructor(
    id: ConnectionId,
    transport: StreamTransport,
    remote: Remote,
    options: { isOurs: boolean; isOpen: boolean; times: ConnectionTimes; now: Instant },
  ) {
    this.id = id
    this.transport = transport
    this.remote = remote
    this.isOurs = options.isOurs
    this.isOpen = options.isOpen
    this.peer = { transport, address: remote.address, port: remote.port, connection: id }
    this.#times = options.times
    this.#startedAt = options.now
    this.#usedAt = options.now
  }

  get isWaitedFor(): boolean {
    return this.#waitsSince !== NEVER
  }

  remember(to: Peer): void {
    const isKnown = this.peers.some(
      (peer) =>
        peer === to || (peer.address === to.address && peer.port === to.port && peer.connection === to.connection),
    )
    if (!isKnown && this.peers.length < MOST_PEERS) this.peers.push(to)
  }

  /** A message goes out. Requests want an answer, but for ACK. */
  noteSent(bytes: Uint8Array, now: Instant): void {
    this.#usedAt = now
    if (this.#waitsSince === NEVER && !startsWith(bytes, RESPONSE) && !startsWith(bytes, ACK)) this.#waitsSince = now
  }

  /** Something came, whatever it is. */
  noteHeard(now: Instant): void {
    this.#usedAt = now
    this.#waitsSince = NEVER
  }

  notePinged(now: Instant): void {
    this.#pingedAt = now
    this.#isPingOpen = true
    this.framer.expectPong()
  }

  notePong(): void {
    this.#isPingOpen = false
    this.#answersPings = true
  }

  deadline(): Instant {
    if (!this.isOpen) return this.#startedAt + this.#times.openMs
    return Math.min(this.#silentAt(), this.#idleAt(), this.#pingAt())
  }

  /** What is due at `now`, the gravest first. */
  due(now: Instant): Due | undefined {
    if (!this.isOpen) return now >= this.#startedAt + this.#times.openMs ? 'opening' : undefined
    if (now >= this.#silentAt()) return 'silent'
    if (now >= this.#idleAt()) return 'idle'
    return now >= this.#pingAt() ? 'ping' : undefined
  }

  #silentAt(): Instant {
    const unanswered = this.#isPingOpen && this.#answersPings ? this.#pingedAt + PONG_MS : NEVER
    return Math.min(this.#waitsSince + SILENCE_MS, unanswered)
  }

  #idleAt(): Instant {
    return this.#times.idleMs === 0 ? NEVER : this.#usedAt + this.#times.idleMs
  }

  #pingAt(): Instant {
    if (!this.isOurs || this.#times.pingEveryMs === 0) return NEVER
    const last = this.#pingedAt === NEVER ? this.#usedAt : Math.max(this.#usedAt, this.#pingedAt)
    return last + this.#times.pingEveryMs
  }
}

/** Under which a connection to this place is found: over TLS only by the name that it was verified for (RFC 5923 section 8). */
export function routeKey(transport: StreamTransport, address: string, port: number, name: string): string {
  return transport === 'tls' ? `tls ${address} ${port} ${name.toLowerCase()}` : `tcp ${address} ${port}`
}

const RESPONSE = [0x53, 0x49, 0x50, 0x2f]
const ACK = [0x41, 0x43, 0x4b, 0x20]

function startsWith(bytes: Uint8Array, four: readonly number[]): boolean {
  return bytes[0] === four[0] && bytes[1] === four[1] && bytes[2] === four[2] && bytes[3] === four[3]
}

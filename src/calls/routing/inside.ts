import { Fifo, integerBelow, type Random } from '../../kit/index.ts'
import type { LocalAddress, Peer } from '../../sip/index.ts'

/**
 * The way from the exchange to itself, a stream, on which an application calls a service of ours: what is sent there is received
 * again in the same mutation, and never reaches a socket. Both ends are calls like any other, so that whatever can be
 * done to a call can be done to these: docs/decisions/2026-11-26-calls-to-services.md.
 *
 * Its address is made up from the discard-only prefix of RFC 6666, which no datagram can come from, with randomness that
 * no stranger can guess: so nobody else can name it, in a Contact for instance.
 */
export class Inside {
  readonly #random: Random
  readonly #waiting = new Fifo<Uint8Array>()
  #peer: Peer | undefined

  constructor(random: Random) {
    this.#random = random
  }

  /** Made when it is first needed, and the same from then on. */
  get peer(): Peer {
    this.#peer ??= { transport: 'tcp', address: addressOf(this.#random), port: 5060 }
    return this.#peer
  }

  get local(): LocalAddress {
    return { host: this.peer.address, port: this.peer.port }
  }

  /** The Request-URI of a service. */
  uriOf(service: string): string {
    return `sip:${service}@[${this.peer.address}]:${this.peer.port};transport=tcp`
  }

  isMeant({ address }: Peer): boolean {
    return this.#peer !== undefined && this.#peer.address === address
  }

  send(bytes: Uint8Array): void {
    this.#waiting.push(bytes)
  }

  /** The next message that has been sent and not received yet. */
  receive(): Uint8Array | undefined {
    return this.#waiting.shift()
  }
}

/** The user of a URI of ours that leads to a conference room: no service can have such a name. */
export function roomUser(room: string): string {
  return `room/${room}`
}

/** The room that such a user means, if he does. */
export function roomOfUser(user: string): string | undefined {
  return user.startsWith('room/') ? user.slice('room/'.length) : undefined
}

/** Four groups of 1 to ffff, so that nothing in it can be abbreviated and two spellings of it are one. */
function addressOf(random: Random): string {
  const groups = Array.from({ length: 4 }, () => (1 + integerBelow(random, 0xffff)).toString(16))
  return `100::${groups.join(':')}`
}

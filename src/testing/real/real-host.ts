import { createSocket, type Socket } from 'node:dgram'
import { type LookupOptions, lookup } from 'node:dns'
import { isIP } from 'node:net'
import { RingdownError } from '../../kit/index.ts'
import { formatAddress, type SocketAddress } from '../network/address.ts'
import type { UdpHandlers } from '../network/host.ts'
import type { PhoneHost, PhoneSocket } from '../phone/environment.ts'
import type { RealClock } from './real-clock.ts'

/** How often another free port is asked for when an odd one was given. */
const MOST_TRIES = 50

/** This machine, for one phone: UDP sockets on one of its addresses. Phones on real sockets speak SIP over UDP only. */
export class RealHost implements PhoneHost {
  readonly address: string
  readonly name: string
  readonly #clock: RealClock
  readonly #onTrouble: (text: string) => void
  readonly #sockets = new Set<Socket>()
  readonly #troubles = new Set<string>()

  /** @param onTrouble hears once of each destination to which nothing can be sent */
  constructor(address: string, name: string, clock: RealClock, onTrouble: (text: string) => void) {
    this.address = address
    this.name = name
    this.#clock = clock
    this.#onTrouble = onTrouble
  }

  /**
   * Binds a UDP port, at once: phones take theirs in the middle of what they do.
   * @param port 1 to 65535, or 0 for any free even one, as RFC 3550 section 11 likes for RTP
   * @throws RingdownError RINGDOWN_TRANSPORT when the address cannot be had
   */
  bindUdp(port: number, handlers: UdpHandlers): PhoneSocket {
    const socket = this.#bind(port)
    this.#sockets.add(socket)
    socket.on('message', (message, from) => {
      const bytes = new Uint8Array(message.buffer, message.byteOffset, message.length)
      this.#clock.guard(() => handlers.onDatagram(bytes, { address: from.address, port: from.port }))
    })
    const local = { address: this.address, port: socket.address().port }
    return {
      local,
      send: (bytes, to) => this.#send(socket, bytes, to),
      close: () => this.#close(socket),
    }
  }

  /** Nobody can connect: there is no TCP here. */
  listen(): () => void {
    return () => {}
  }

  connect(to: SocketAddress): never {
    throw new RingdownError(
      'RINGDOWN_TRANSPORT',
      `${this.name} cannot connect to ${formatAddress(to)}: phones on real sockets speak SIP over UDP only; leave out ;transport=tcp`,
    )
  }

  /** Frees every port. */
  close(): void {
    for (const socket of this.#sockets) this.#close(socket)
  }

  #bind(port: number): Socket {
    for (let tries = 0; ; tries++) {
      const socket = createSocket({ type: isIP(this.address) === 6 ? 'udp6' : 'udp4', lookup: lookupNow })
      let failure: Error | undefined
      socket.on('error', (error) => {
        failure ??= error
      })
      socket.bind(port, this.address)
      if (failure !== undefined) {
        socket.close()
        const what = `${this.name} cannot have udp ${formatAddress({ address: this.address, port })}`
        throw new RingdownError('RINGDOWN_TRANSPORT', `${what}: ${failure.message}`, { cause: failure })
      }
      socket.unref()
      if (port !== 0 || socket.address().port % 2 === 0 || tries === MOST_TRIES) return socket
      socket.close()
    }
  }

  #send(socket: Socket, bytes: Uint8Array, to: SocketAddress): void {
    if (!this.#sockets.has(socket)) return
    const onDone = (error: Error | null) => {
      if (error !== null) this.#note(to, error)
    }
    try {
      socket.send(bytes, to.port, to.address, onDone)
    } catch (error) {
      // A port that a stranger wrote, such as 0.
      this.#note(to, error as Error)
    }
  }

  #note(to: SocketAddress, { message }: Error): void {
    const where = formatAddress(to)
    if (this.#troubles.has(where)) return
    this.#troubles.add(where)
    this.#onTrouble(`cannot send to ${where}: ${message}`)
  }

  #close(socket: Socket): void {
    if (this.#sockets.delete(socket)) socket.close()
  }
}

type OnLookup = (error: NodeJS.ErrnoException | null, address: string, family: number) => void

/** Addresses are known without asking, so that a socket is bound when `bind` returns; names are asked for. */
function lookupNow(name: string, options: LookupOptions, onDone: OnLookup): void {
  const family = isIP(name)
  if (family !== 0) onDone(null, name, family)
  else lookup(name, { ...options, all: false }, onDone)
}

import { createSocket, type Socket } from 'node:dgram'
import { RingdownError } from '../../kit/index.ts'
import type { Peer } from '../../sip/index.ts'
import { familyOf } from '../config/address.ts'
import type { ListenSettings } from '../config/settings.ts'
import { DirectUdp } from './direct-udp.ts'
import type { LocalSocket } from './listener-choice.ts'

/** A burst of calls waits here while the thread is busy; the kernel may grant less. */
const RECEIVE_BUFFER_BYTES = 4 * 2 ** 20

export interface UdpListener {
  onMessage(bytes: Uint8Array, from: Peer, socket: UdpSocket): void
  /** A datagram could not be sent. */
  onSendFailed(to: Peer, reason: string): void
}

/** One UDP socket of SIP. */
export class UdpSocket implements LocalSocket {
  readonly transport = 'udp'
  readonly address: string
  readonly port: number
  readonly #socket: Socket
  readonly #listener: UdpListener
  readonly #direct: DirectUdp | undefined

  private constructor(socket: Socket, direct: DirectUdp | undefined, listener: UdpListener) {
    const { address, port } = socket.address()
    this.address = address
    this.port = port
    this.#socket = socket
    this.#direct = direct
    this.#listener = listener
    socket.on('message', (message, { address, port }) => {
      const bytes = new Uint8Array(message.buffer, message.byteOffset, message.length)
      listener.onMessage(bytes, { transport: 'udp', address, port }, this)
    })
    // Errors of single sends come to their callbacks; what comes here (ICMP, say) concerns no datagram that we know of.
    socket.on('error', () => {})
  }

  /**
   * Binds the socket.
   * @throws RingdownError RINGDOWN_TRANSPORT when the address cannot be had
   */
  static async bind({ address, port }: ListenSettings, listener: UdpListener): Promise<UdpSocket> {
    const family = familyOf(address)
    const direct = await DirectUdp.bind(family, address, port)
    const socket = createSocket({
      type: `udp${family}`,
      ipv6Only: family === 6,
      // Addresses only come here, so nothing has to be looked up, on every send, in a later turn of the loop.
      lookup: (host, _options, done) => done(null, host, family),
    })
    await new Promise<void>((resolve, reject) => {
      socket.once('error', (cause) => {
        socket.close()
        reject(
          new RingdownError('RINGDOWN_TRANSPORT', `cannot listen on udp ${address} port ${port}: ${cause.message}`, {
            cause,
          }),
        )
      })
      const onBound = () => {
        socket.removeAllListeners('error')
        resolve()
      }
      if (direct === undefined) socket.bind(port, address, onBound)
      else socket.bind({ fd: direct.descriptor }, onBound)
    })
    try {
      socket.setRecvBufferSize(RECEIVE_BUFFER_BYTES)
    } catch {
      // The system's own size stays.
    }
    return new UdpSocket(socket, direct, listener)
  }

  /** Sends to an IP address. Never throws: the port may be one that a stranger wrote, such as 0. */
  send(bytes: Uint8Array, to: Peer, address: string): void {
    if (this.#direct?.send(bytes, address, to.port) === true) return
    const onFailed = (error: Error) => this.#listener.onSendFailed(to, error.message)
    try {
      this.#socket.send(bytes, to.port, address, (error) => {
        if (error) onFailed(error)
      })
    } catch (error) {
      // Whoever sends is in the middle of a mutation, as with every other failure it hears of this one later.
      queueMicrotask(() => onFailed(error as Error))
    }
  }

  close(): Promise<void> {
    return new Promise((resolve) => this.#socket.close(() => resolve()))
  }
}

import { createSocket, type Socket } from 'node:dgram'
import { getSystemErrorName } from 'node:util'
import { RingdownError } from '../../kit/index.ts'
import type { Peer } from '../../sip/index.ts'
import { familyOf } from '../config/address.ts'
import type { PlainListenSettings } from '../config/settings.ts'
import { EAGAIN, EINTR, ENOBUFS, ENOMEM } from '../media/linux-sockets.ts'
import { DirectUdp } from './direct-udp.ts'
import type { LocalSocket } from './listener-choice.ts'

export interface UdpListener {
  onMessage(bytes: Uint8Array, from: Peer, socket: UdpSocket): void
  /** A datagram could not be sent. */
  onSendFailed(to: Peer, reason: string): void
}

/**
 * One UDP socket of SIP.
 *
 *     waiting --busy for a while--> polling --quiet for a while--> waiting
 *
 * Waiting, each datagram wakes the thread. At hundreds of calls a second the wake-ups cost more than the messages; then
 * the socket is looked at on a grid instead, all that wait are taken at once, and each waits a few milliseconds more,
 * which is nothing to SIP, whose shortest timer is half a second. Without the C library there is only waiting.
 */
export class UdpSocket implements LocalSocket {
  readonly transport = 'udp'
  readonly address: string
  readonly port: number
  readonly #listener: UdpListener
  readonly #direct: DirectUdp | undefined
  /** While waiting. */
  #socket: Socket | undefined
  /** While polling. */
  #poll: NodeJS.Timeout | undefined
  #windowEndsAt = 0
  #inWindow = 0
  #isClosed = false
  /** What the kernel had no room for while polling, in its order. */
  #unsent: Unsent[] = []

  private constructor(socket: Socket, direct: DirectUdp | undefined, listener: UdpListener) {
    const { address, port } = socket.address()
    this.address = address
    this.port = port
    this.#direct = direct
    this.#listener = listener
    this.#wait(socket)
  }

  /** Whether single system calls send and receive: not without the C library, nor where no descriptor was left for it. */
  get isDirect(): boolean {
    return this.#direct !== undefined
  }

  /** Whether the socket is looked at on a grid. */
  get isPolling(): boolean {
    return this.#poll !== undefined
  }

  /**
   * Binds the socket.
   * @throws RingdownError RINGDOWN_TRANSPORT when the address cannot be had
   */
  static async bind({ address, port }: PlainListenSettings, listener: UdpListener): Promise<UdpSocket> {
    let direct = await DirectUdp.bind(familyOf(address), address, port)
    const descriptor = direct?.duplicate() ?? -1
    if (descriptor < 0) {
      // One descriptor is still enough for dgram alone.
      direct?.close()
      direct = undefined
    }
    const socket = newSocket(address)
    await new Promise<void>((resolve, reject) => {
      socket.once('error', (cause) => {
        direct?.close()
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
      else socket.bind({ fd: descriptor }, onBound)
    })
    try {
      socket.setRecvBufferSize(RECEIVE_BUFFER_BYTES)
    } catch {
      // The system's own size stays.
    }
    return new UdpSocket(socket, direct, listener)
  }

  /**
   * Sends to an IP address, always from the bound port. Never throws: the port may be one that a stranger wrote, such
   * as 0.
   */
  send(bytes: Uint8Array, to: Peer, address: string): void {
    const error = this.#sendDirect(bytes, to, address)
    if (error === 0) return
    // Whoever sends is in the middle of a mutation, as with every other failure it hears of this one later.
    const fail = (reason: string) => queueMicrotask(() => this.#listener.onSendFailed(to, reason))
    const socket = this.#socket
    if (this.#isClosed) fail('the socket is closed')
    else if (socket !== undefined) {
      // The long way waits until there is room, and tells what is wrong.
      try {
        socket.send(bytes, to.port, address, (problem) => {
          if (problem !== null) this.#listener.onSendFailed(to, problem.message)
        })
      } catch (problem) {
        fail((problem as Error).message)
      }
    } else if (TRANSIENT.includes(error) && this.#unsent.length < MOST_UNSENT) this.#unsent.push({ bytes, to, address })
    else fail(`${getSystemErrorName(-error)}: cannot send ${bytes.length} octets to ${address} port ${to.port}`)
  }

  /** 0 when it was sent, else an errno; what waits already goes first. */
  #sendDirect(bytes: Uint8Array, to: Peer, address: string): number {
    if (this.#direct === undefined || this.#isClosed || this.#unsent.length > 0) return EAGAIN
    return this.#direct.send(bytes, address, to.port)
  }

  #sendUnsent(): void {
    if (this.#unsent.length === 0) return
    const waiting = this.#unsent
    this.#unsent = []
    for (const { bytes, to, address } of waiting) this.send(bytes, to, address)
  }

  async close(): Promise<void> {
    this.#isClosed = true
    clearTimeout(this.#poll)
    this.#poll = undefined
    const socket = this.#socket
    this.#socket = undefined
    if (socket !== undefined) await new Promise<void>((resolve) => socket.close(() => resolve()))
    this.#direct?.close()
  }

  /** @param socket bound to this address */
  #wait(socket: Socket): void {
    this.#socket = socket
    this.#inWindow = 0
    this.#windowEndsAt = performance.now() + WINDOW_MS
    socket.on('message', (message, { address, port }) => {
      const bytes = new Uint8Array(message.buffer, message.byteOffset, message.length)
      this.#listener.onMessage(bytes, { transport: 'udp', address, port }, this)
      if (this.#direct !== undefined && this.#countOfWindow() >= BUSY_PER_WINDOW) this.#startPolling(socket)
    })
    // Errors of single sends come to their callbacks; what comes here (ICMP, say) concerns no datagram that we know of.
    socket.on('error', () => {})
    this.#sendUnsent()
  }

  /** Notes a datagram, or another look, and returns how many came in a window that has just ended; -1 within one. */
  #countOfWindow(came = 1): number {
    this.#inWindow += came
    const now = performance.now()
    if (now < this.#windowEndsAt) return -1
    // A window that nobody looked at for long was a quiet one.
    const count = now < this.#windowEndsAt + WINDOW_MS ? this.#inWindow : 0
    this.#inWindow = 0
    this.#windowEndsAt = now + WINDOW_MS
    return count
  }

  #startPolling(socket: Socket): void {
    if (this.#isClosed || this.#socket !== socket) return
    this.#socket = undefined
    socket.removeAllListeners('message')
    socket.close()
    this.#poll = setTimeout(this.#look, POLL_EVERY_MS)
  }

  readonly #look = (): void => {
    const direct = this.#direct as DirectUdp
    this.#sendUnsent()
    let count = 0
    for (; count < MOST_PER_LOOK; count++) {
      const datagram = direct.receive()
      if (datagram === undefined) break
      const { bytes, address, port } = datagram
      this.#listener.onMessage(bytes, { transport: 'udp', address, port }, this)
    }
    if (this.#isClosed) return
    const inWindow = this.#countOfWindow(count)
    if (inWindow >= 0 && inWindow < QUIET_PER_WINDOW) this.#stopPolling()
    else this.#poll = setTimeout(this.#look, count === MOST_PER_LOOK ? 0 : POLL_EVERY_MS)
  }

  #stopPolling(): void {
    const descriptor = (this.#direct as DirectUdp).duplicate()
    const goOn = () => {
      this.#poll = setTimeout(this.#look, POLL_EVERY_MS)
    }
    // None is free.
    if (descriptor < 0) {
      goOn()
      return
    }
    const socket = newSocket(this.address)
    socket.once('error', () => {
      socket.close()
      if (!this.#isClosed) goOn()
    })
    socket.bind({ fd: descriptor }, () => {
      socket.removeAllListeners('error')
      this.#poll = undefined
      if (this.#isClosed) socket.close()
      else this.#wait(socket)
    })
  }
}

interface Unsent {
  readonly bytes: Uint8Array
  readonly to: Peer
  readonly address: string
}

function newSocket(address: string): Socket {
  const family = familyOf(address)
  return createSocket({
    type: `udp${family}`,
    ipv6Only: family === 6,
    // Addresses only come here, so nothing has to be looked up, on every send, in a later turn of the loop.
    lookup: (host, _options, done) => done(null, host, family),
  })
}

/** A burst of calls waits here while the thread is busy; the kernel may grant less. */
const RECEIVE_BUFFER_BYTES = 4 * 2 ** 20
const WINDOW_MS = 250
/** 400 datagrams a second: from there on, each wake-up less is time saved. */
const BUSY_PER_WINDOW = 100
const QUIET_PER_WINDOW = 50
const POLL_EVERY_MS = 5
/** The kernel has no room at the moment: the next look tries again. */
const TRANSIENT: readonly number[] = [EAGAIN, ENOBUFS, ENOMEM, EINTR]
/** Datagrams; a burst beyond that is lost, as it would be on the way. */
const MOST_UNSENT = 1000
/** So that timers and media events have their turn. */
const MOST_PER_LOOK = 256

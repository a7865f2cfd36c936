import { isIP } from 'node:net'
import type { Counters } from '../../kit/index.ts'
import type { MediaIoCounter } from './io-counters.ts'
import {
  AF_INET,
  AF_INET6,
  EAGAIN,
  ECONNREFUSED,
  EINTR,
  EINVAL,
  type LinuxSockets,
  SIOCGSTAMP,
  SK_MEMINFO_DROPS,
  SK_MEMINFO_WORDS,
  SO_MEMINFO,
  SOL_SOCKET,
  UDP_SOCKET,
} from './linux-sockets.ts'
import type { QuietPort, QuietPorts } from './quiet-ports.ts'
import { SocketAddress } from './socket-address.ts'

/**
 * One bound socket. Once the far end is certain it is connected: the kernel then looks up the way there once instead
 * of for every packet, and lets nobody else in.
 *
 *     open --connect--> connected --nothing waits any more--> filtered --connect(undefined)--> open
 *
 * What waited when it was connected may still be from others, so the sender is asked for until the socket was empty.
 */
export class LinuxPort implements QuietPort {
  readonly descriptor: number
  readonly #sockets: LinuxSockets
  readonly #counters: Counters<MediaIoCounter>
  readonly #from: SocketAddress
  readonly #to: SocketAddress
  #state: 'open' | 'connected' | 'filtered' = 'open'
  quiet: QuietPorts | undefined
  quietPlace = -1
  /** How often nothing was there since something was. */
  emptySweeps = 0
  /** When it was swept last, in media time. */
  sweptAtMs = 0
  /** Where it is bound. */
  readonly address: string
  readonly number: number

  private constructor(
    sockets: LinuxSockets,
    counters: Counters<MediaIoCounter>,
    descriptor: number,
    address: string,
    number: number,
    family: 4 | 6,
  ) {
    this.#sockets = sockets
    this.#counters = counters
    this.descriptor = descriptor
    this.address = address
    this.number = number
    this.#from = new SocketAddress(family)
    this.#to = new SocketAddress(family)
  }

  /** The port, or the number of the error that kept it from being bound. `address` is an IP address. */
  static bind(
    sockets: LinuxSockets,
    address: string,
    number: number,
    counters: Counters<MediaIoCounter>,
  ): LinuxPort | number {
    const family = isIP(address) === 6 ? 6 : 4
    const local = new SocketAddress(family)
    if (!local.set(address, number)) return EINVAL
    const descriptor = bindSocket(sockets, local)
    return descriptor < 0 ? -descriptor : new LinuxPort(sockets, counters, descriptor, address, number, family)
  }

  /** A socket of this process that is bound already. */
  static adopt(
    sockets: LinuxSockets,
    address: string,
    number: number,
    descriptor: number,
    counters: Counters<MediaIoCounter>,
  ): LinuxPort {
    return new LinuxPort(sockets, counters, descriptor, address, number, isIP(address) === 6 ? 6 : 4)
  }

  /** Reads a little of it, see {@link MediaIo.touch}. */
  touch(): number {
    return this.descriptor ^ this.#to.port
  }

  /** The length of the oldest datagram, cut to the length of `into`; -1 when none waits. */
  receive(into: Uint8Array, source: { address: string; port: number }): number {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const length = this.#read(into)
      if (length >= 0) {
        const sender = this.#state === 'filtered' ? this.#to : this.#from
        source.address = sender.address
        source.port = sender.port
        return length
      }
      if (!this.#mayRetry()) break
    }
    if (this.#state === 'connected') this.#state = 'filtered'
    return -1
  }

  send(bytes: Uint8Array, length: number, address: string, port: number): boolean {
    if (length < 0 || length > bytes.length) return false
    if (this.#state !== 'open' && (address !== this.#to.address || port !== this.#to.port)) this.connect(undefined, 0)
    if (!this.#to.set(address, port)) return false
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      if (this.#write(bytes, length) === length) return true
      if (!this.#mayRetry()) break
    }
    return false
  }

  connect(address: string | undefined, port: number): void {
    if (this.#state !== 'open') {
      this.#sockets.connect(this.descriptor, NOWHERE, NOWHERE.length)
      this.#state = 'open'
    }
    if (address === undefined || !this.#to.set(address, port)) return
    if (this.#sockets.connect(this.descriptor, this.#to.bytes, this.#to.length) === 0) this.#state = 'connected'
    else this.#counters.add('socketErrors')
  }

  /** How many datagrams were dropped because the receive buffer was full. */
  overflows(): number {
    LENGTH[0] = MEMINFO.byteLength
    const isKnown = this.#sockets.getsockopt(this.descriptor, SOL_SOCKET, SO_MEMINFO, MEMINFO, LENGTH) === 0
    return isKnown ? (MEMINFO[SK_MEMINFO_DROPS] as number) : 0
  }

  /** For how long the datagram read last had waited, in ms. The first request only has the kernel note such times. */
  waitedMs(): number {
    if (this.#sockets.ioctl(this.descriptor, SIOCGSTAMP, TIME) !== 0) return 0
    const waitedMs = Date.now() - (Number(TIME[0]) * 1000 + Number(TIME[1]) / 1000)
    // Whoever sets the clock of the machine meanwhile must not move the time of a datagram far.
    return Math.min(Math.max(0, waitedMs), LONGEST_WAIT_MS)
  }

  close(): void {
    this.#sockets.close(this.descriptor)
  }

  #read(into: Uint8Array): number {
    if (this.#state === 'filtered') return this.#sockets.recv(this.descriptor, into, into.length, 0)
    LENGTH[0] = this.#from.bytes.length
    const length = this.#sockets.recvfrom(this.descriptor, into, into.length, 0, this.#from.bytes, LENGTH)
    if (length >= 0) this.#from.read()
    return length
  }

  #write(bytes: Uint8Array, length: number): number {
    return this.#state === 'open'
      ? this.#sockets.sendto(this.descriptor, bytes, length, 0, this.#to.bytes, this.#to.length)
      : this.#sockets.send(this.descriptor, bytes, length, 0)
  }

  /**
   * Whether the call that has just failed says nothing about its own datagram: it was interrupted, or it told how an
   * earlier one had fared (the far end's port was closed).
   */
  #mayRetry(): boolean {
    const error = this.#sockets.errno()
    if (error === EAGAIN) return false
    if (error === EINTR) return true
    this.#counters.add('socketErrors')
    return error === ECONNREFUSED
  }
}

/** The descriptor of a new UDP socket that is bound to this address, or the number of the error that kept it from that, negative. */
export function bindSocket(sockets: LinuxSockets, local: SocketAddress): number {
  const descriptor = sockets.socket(local.family === 6 ? AF_INET6 : AF_INET, UDP_SOCKET, 0)
  if (descriptor < 0) return -sockets.errno()
  if (sockets.bind(descriptor, local.bytes, local.length) === 0) return descriptor
  const error = sockets.errno()
  sockets.close(descriptor)
  return -error
}

/**
 * What the kernel writes to, once for a thread: memory that leaves the engine's heap is dear to allocate and to collect,
 * and a call has two ports.
 */
const LENGTH = new Uint32Array(1)
const MEMINFO = new Uint32Array(SK_MEMINFO_WORDS)
const TIME = new BigInt64Array(2)

const LONGEST_WAIT_MS = 5000
/** A socket tells about one earlier datagram at a time. */
const ATTEMPTS = 3
/** A `sockaddr` of no family (AF_UNSPEC) ends a connection. */
const NOWHERE = new Uint8Array(16)

import { isIP } from 'node:net'
import type { Counters, Instant } from '../../kit/index.ts'
import { BIND_ATTEMPTS, type MediaIoCounter } from './io-counters.ts'
import { bindSocket, LinuxPort } from './linux-port.ts'
import { EADDRINUSE, EADDRNOTAVAIL, EINVAL, EMFILE, type LinuxSockets } from './linux-sockets.ts'
import { type PortRange, processNow } from './port-range.ts'
import { SocketAddress } from './socket-address.ts'

export interface PortBinderOptions {
  readonly sockets: LinuxSockets
  readonly ports: PortRange
  readonly counters: Counters<MediaIoCounter>
  /** Monotonic milliseconds, the same in every thread. Default {@link processNow}. */
  readonly now?: () => Instant
}

/** Binds ports of a range with the C library's sockets, for whichever thread serves them then. */
export class PortBinder {
  readonly #sockets: LinuxSockets
  readonly #range: PortRange
  readonly #counters: Counters<MediaIoCounter>
  readonly #now: () => Instant
  readonly #local4 = new SocketAddress(4)
  readonly #local6 = new SocketAddress(6)

  constructor(options: PortBinderOptions) {
    this.#sockets = options.sockets
    this.#range = options.ports
    this.#counters = options.counters
    this.#now = options.now ?? processNow
  }

  /** A bound port, or why there is none. */
  bind(address: string): LinuxPort | string {
    const bound = this.bindSocket(address)
    if (typeof bound === 'string') return bound
    return LinuxPort.adopt(this.#sockets, address, bound.number, bound.descriptor, this.#counters)
  }

  /** The same for another thread to serve. */
  bindSocket(address: string): { readonly number: number; readonly descriptor: number } | string {
    const family = isIP(address)
    if (family === 0) return `"${address}" is no IP address`
    const local = family === 6 ? this.#local6 : this.#local4
    for (let attempt = 0; attempt < BIND_ATTEMPTS; attempt++) {
      const number = this.#range.take(this.#now())
      if (number === undefined) break
      const descriptor = local.set(address, number) ? bindSocket(this.#sockets, local) : -EINVAL
      if (descriptor >= 0) {
        this.#range.note(number, descriptor)
        return { number, descriptor }
      }
      this.#range.release(number, this.#now())
      const error = -descriptor
      if (error !== EADDRINUSE) return `no UDP port could be opened on ${address}: ${ERRORS[error] ?? `error ${error}`}`
      this.#counters.add('portsTaken')
    }
    return `no UDP port is free on ${address}: ${this.#range.used} of ${this.#range.size} are in use`
  }
}

const ERRORS: Readonly<Record<number, string>> = {
  [EADDRNOTAVAIL]: 'the address is not one of this machine',
  [EMFILE]: 'too many open files',
}

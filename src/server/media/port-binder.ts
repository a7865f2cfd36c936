import { isIP } from 'node:net'
import type { Counters, Instant } from '../../kit/index.ts'
import { BIND_ATTEMPTS, type MediaIoCounter } from './io-counters.ts'
import { LinuxPort } from './linux-port.ts'
import { EADDRINUSE, EADDRNOTAVAIL, EMFILE, type LinuxSockets } from './linux-sockets.ts'
import { type PortRange, processNow } from './port-range.ts'

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

  constructor(options: PortBinderOptions) {
    this.#sockets = options.sockets
    this.#range = options.ports
    this.#counters = options.counters
    this.#now = options.now ?? processNow
  }

  /** A bound port, or why there is none. */
  bind(address: string): LinuxPort | string {
    if (isIP(address) === 0) return `"${address}" is no IP address`
    for (let attempt = 0; attempt < BIND_ATTEMPTS; attempt++) {
      const number = this.#range.take(this.#now())
      if (number === undefined) break
      const port = LinuxPort.bind(this.#sockets, address, number, this.#counters)
      if (typeof port !== 'number') {
        this.#range.note(number, port.descriptor)
        return port
      }
      this.#range.release(number, this.#now())
      if (port !== EADDRINUSE) return `no UDP port could be opened on ${address}: ${ERRORS[port] ?? `error ${port}`}`
      this.#counters.add('portsTaken')
    }
    return `no UDP port is free on ${address}: ${this.#range.used} of ${this.#range.size} are in use`
  }
}

const ERRORS: Readonly<Record<number, string>> = {
  [EADDRNOTAVAIL]: 'the address is not one of this machine',
  [EMFILE]: 'too many open files',
}

import { type LinuxSockets, POLLIN } from './linux-sockets.ts'

/** What {@link QuietPorts} has to know of a port, and notes on it. */
export interface QuietPort {
  readonly descriptor: number
  /** Where it is, while it is quiet. */
  quiet: QuietPorts | undefined
  /** Its place there. */
  quietPlace: number
}

/**
 * Ports on which nothing has come for a while and that are swept at the same time: one system call tells which of them
 * have got something, at a tenth of what it costs to ask each of them for a datagram. Calls that are silent, or whose far end
 * sends nothing while its user listens (VAD), are most of what a large exchange holds.
 *
 *     struct pollfd: s32 descriptor, s16 events asked for, s16 events seen
 */
export class QuietPorts {
  readonly #sockets: LinuxSockets
  readonly #ports: QuietPort[] = []
  #table = new Int32Array(2 * 64)
  #hasLooked = true

  constructor(sockets: LinuxSockets) {
    this.#sockets = sockets
  }

  add(port: QuietPort): void {
    const place = this.#ports.push(port) - 1
    if (2 * place === this.#table.length) {
      const larger = new Int32Array(2 * this.#table.length)
      larger.set(this.#table)
      this.#table = larger
    }
    port.quiet = this
    port.quietPlace = place
    this.#table[2 * place] = port.descriptor
    this.#suspect(place)
  }

  remove(port: QuietPort): void {
    const last = this.#ports.pop()!
    if (last !== port) {
      this.#ports[port.quietPlace] = last
      this.#table.copyWithin(2 * port.quietPlace, 2 * last.quietPlace, 2 * last.quietPlace + 2)
      last.quietPlace = port.quietPlace
    }
    port.quiet = undefined
  }

  /** Has all of them asked for again when the first of them is to be swept, if one is. */
  begin(): void {
    this.#hasLooked = false
  }

  /** Whether something had come when all were asked for last, a datagram or an error. */
  hasNews(port: QuietPort): boolean {
    if (!this.#hasLooked) this.#look()
    return this.#table[2 * port.quietPlace + 1]! >>> 16 !== 0
  }

  /** Where that fails, each is said to have got something. */
  #look(): void {
    this.#hasLooked = true
    const count = this.#ports.length
    if (this.#sockets.poll(this.#table, count, 0) < 0) for (let place = 0; place < count; place++) this.#suspect(place)
  }

  /** As long as it is not known whether something has come. */
  #suspect(place: number): void {
    this.#table[2 * place + 1] = POLLIN | (POLLIN << 16)
  }
}

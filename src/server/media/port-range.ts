import { type Instant, integerBelow, type Random } from '../../kit/index.ts'

export interface PortRangeOptions {
  /** The first and the last port; only even ones are handed out (RFC 3550 section 11). Default 16384 to 32767. */
  readonly first?: number
  readonly last?: number
  /** How long a port rests after its use, so that late packets of one call are never heard in the next. Default 5 s. */
  readonly quarantineMs?: number
}

/** The UDP ports of all media workers of a process: shared memory, which crosses threads as it is. */
export interface PortTable {
  /** The lowest even port. The columns have one place for each even port from there on. */
  readonly first: number
  /** The last port of the range, even or odd. */
  readonly last: number
  readonly quarantineMs: number
  /** Which worker holds the port, 0 for none. Changed by compare-and-exchange only. */
  readonly owners: Int32Array
  /** Until when the port rests. Belongs to the owner. */
  readonly restsUntil: Float64Array
  /** The descriptor of the port's socket plus one, where its owner has to close it itself. Belongs to the owner. */
  readonly descriptors: Int32Array
  /** The same for the port above, where RTCP has one of its own. */
  readonly controlDescriptors: Int32Array
  /** How many ports have an owner. */
  readonly used: Int32Array
}

/** A table of ports that nobody has used yet. */
export function portTable(options: PortRangeOptions = {}): PortTable {
  const { first: from = 16_384, last = 32_767, quarantineMs = 5000 } = options
  const first = from + (from & 1)
  const size = Math.max(0, Math.floor((last - first) / 2) + 1)
  return {
    first,
    last,
    quarantineMs,
    owners: new Int32Array(new SharedArrayBuffer(4 * size)),
    restsUntil: new Float64Array(new SharedArrayBuffer(8 * size)).fill(-Infinity),
    descriptors: new Int32Array(new SharedArrayBuffer(4 * size)),
    controlDescriptors: new Int32Array(new SharedArrayBuffer(4 * size)),
    used: new Int32Array(new SharedArrayBuffer(4)),
  }
}

/**
 * The table as one media worker sees it. Ports are handed out one after the other from a random start, which makes
 * them hard to guess for a stranger and keeps a port unused for as long as possible. Times are those of
 * {@link processNow}.
 */
export class PortRange {
  readonly #table: PortTable
  readonly #owner: number
  #cursor: number

  /** @param owner the number of the worker, 1 or more */
  constructor(random: Random, table: PortTable = portTable(), owner = 1) {
    this.#table = table
    this.#owner = owner
    this.#cursor = this.size === 0 ? 0 : integerBelow(random, this.size)
  }

  /** Ports that the range has. */
  get size(): number {
    return this.#table.owners.length
  }

  /** Ports in use, by whichever worker. */
  get used(): number {
    return Atomics.load(this.#table.used, 0)
  }

  /** The next free port, or `undefined` when all are in use or resting. */
  take(now: Instant): number | undefined {
    const { first, owners, restsUntil, used } = this.#table
    for (let tried = 0; tried < this.size; tried++) {
      const index = this.#cursor
      this.#cursor = (index + 1) % this.size
      if (Atomics.compareExchange(owners, index, 0, this.#owner) !== 0) continue
      if ((restsUntil[index] as number) <= now) {
        Atomics.add(used, 0, 1)
        return first + 2 * index
      }
      Atomics.store(owners, index, 0)
    }
    return undefined
  }

  /** Notes the socket of a port that this worker holds, for the case that the worker dies. */
  note(port: number, descriptor: number): void {
    this.#table.descriptors[this.#indexOf(port)] = descriptor + 1
  }

  /** The port for the RTCP of a leg that holds `port`; `undefined` when the range ends before it. */
  controlPortOf(port: number): number | undefined {
    return port < this.#table.last ? port + 1 : undefined
  }

  /** As {@link PortRange.note}, for the socket of {@link PortRange.controlPortOf} `port`. */
  noteControl(port: number, descriptor: number): void {
    this.#table.controlDescriptors[this.#indexOf(port)] = descriptor + 1
  }

  /** Lets another worker hold a port of this one. */
  handOver(port: number, to: number): void {
    Atomics.store(this.#table.owners, this.#indexOf(port), to)
  }

  /** Whether this worker holds the port with the socket that was noted for it: none when `descriptor` is left out. */
  holds(port: number, descriptor = -1): boolean {
    const index = this.#indexOf(port)
    return Atomics.load(this.#table.owners, index) === this.#owner && this.#table.descriptors[index] === descriptor + 1
  }

  /** Gives a port back. It rests first; so does one that another program turned out to hold. */
  release(port: number, now: Instant): void {
    const { owners, restsUntil, descriptors, controlDescriptors, quarantineMs, used } = this.#table
    const index = this.#indexOf(port)
    descriptors[index] = 0
    controlDescriptors[index] = 0
    restsUntil[index] = now + quarantineMs
    Atomics.sub(used, 0, 1)
    Atomics.store(owners, index, 0)
  }

  /**
   * Gives back every port that a worker of this number holds, which died without doing so, and returns the sockets
   * that nobody has closed.
   */
  releaseLeftBehind(now: Instant): number[] {
    const { first, owners, descriptors, controlDescriptors } = this.#table
    const open: number[] = []
    for (let index = 0; index < this.size; index++) {
      if (Atomics.load(owners, index) !== this.#owner) continue
      for (const descriptor of [descriptors[index] as number, controlDescriptors[index] as number])
        if (descriptor > 0) open.push(descriptor - 1)
      this.release(first + 2 * index, now)
    }
    return open
  }

  #indexOf(port: number): number {
    return (port - this.#table.first) / 2
  }
}

/** Monotonic milliseconds that are the same in every thread, as those of `performance.now` are not. */
export function processNow(): Instant {
  return Number(process.hrtime.bigint() / 1000n) / 1000
}

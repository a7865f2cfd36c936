/**
 * How much audio may wait for the disk. A recording that is behind by more than {@link MOST_WAITING_BYTES} has lost its
 * disk; and when the disk serves nobody, all recordings together take no more than {@link MOST_BYTES_OF_ALL}.
 */
export class WriteBacklog {
  #bytes = 0

  /** Bytes that wait, of all recordings. */
  get bytes(): number {
    return this.#bytes
  }

  /** Whether a recording that has `waiting` bytes waiting may take more. */
  hasRoom(waiting: number): boolean {
    return waiting <= MOST_WAITING_BYTES && this.#bytes <= MOST_BYTES_OF_ALL
  }

  /** Counts bytes that begin to wait, or, below 0, that do not any more. */
  add(bytes: number): void {
    this.#bytes += bytes
  }
}

/** A minute of 16-bit audio. */
const MOST_WAITING_BYTES = 2 ** 20
const MOST_BYTES_OF_ALL = 128 * 2 ** 20

import type { AudioStream } from '../engine/play-source.ts'

/**
 * Makes the ring that a long file goes through while it is played: one writer, which reads the disk, and one player on
 * a media thread; neither ever waits for the other.
 *
 * @param capacity samples that it holds, a power of two
 * @param sampleRateHz of 16-bit samples; G.711 has 8 kHz
 * @throws RangeError when it is none
 */
export function createAudioStream(
  encoding: AudioStream['encoding'],
  capacity: number,
  sampleRateHz: 8000 | 16_000 = 8000,
): AudioStream {
  return createRing(encoding, capacity, sampleRateHz, 3)
}

/**
 * A ring of samples on shared memory.
 * @param capacity of samples, a power of two
 * @param controlWords how many positions and flags stand beside it
 * @throws RangeError when the capacity is none
 */
export function createRing(
  encoding: AudioStream['encoding'],
  capacity: number,
  sampleRateHz: 8000 | 16_000,
  controlWords: number,
): AudioStream {
  if (capacity < 2 || (capacity & (capacity - 1)) !== 0) throw new RangeError(`${capacity} is not a power of two`)
  const control = new Int32Array(new SharedArrayBuffer(4 * controlWords))
  return encoding === 'pcm16'
    ? { encoding, sampleRateHz, control, data: new Int16Array(new SharedArrayBuffer(2 * capacity)) }
    : { encoding, sampleRateHz: 8000, control, data: new Uint8Array(new SharedArrayBuffer(capacity)) }
}

/** The writing end. */
export class StreamWriter {
  readonly #stream: AudioStream
  readonly #capacity: number
  #written: number

  constructor(stream: AudioStream) {
    this.#stream = stream
    this.#capacity = stream.data.length
    this.#written = Atomics.load(stream.control, WRITTEN)
  }

  /** How many samples were written so far, as a position that wraps at 2^31. */
  get position(): number {
    return this.#written
  }

  /** How far the reader has come. */
  get readPosition(): number {
    return Atomics.load(this.#stream.control, READ)
  }

  /** How many samples can be written now. */
  get room(): number {
    return this.#capacity - ((this.#written - Atomics.load(this.#stream.control, READ)) | 0)
  }

  /** Writes `count` samples from `at` on, in the encoding of the stream, and no more than there is {@link room} for. */
  write(samples: Int16Array | Uint8Array, at: number, count: number): void {
    const { data, control } = this.#stream
    const start = this.#written & (this.#capacity - 1)
    const untilEdge = Math.min(count, this.#capacity - start)
    data.set(samples.subarray(at, at + untilEdge), start)
    data.set(samples.subarray(at + untilEdge, at + count), 0)
    this.#written = (this.#written + count) | 0
    Atomics.store(control, WRITTEN, this.#written)
  }
}

/** Nothing more will be written: what is in the ring is the last. Whoever watches over the writer may say it, too. */
export function endStream({ control }: AudioStream): void {
  Atomics.store(control, ENDED, 1)
}

/** The reading end. It allocates nothing. */
export class StreamReader {
  /** Where the next sample is, in `data`. */
  at: number
  readonly #stream: AudioStream
  readonly #mask: number
  #read: number

  constructor(stream: AudioStream) {
    this.#stream = stream
    this.#mask = stream.data.length - 1
    this.#read = Atomics.load(stream.control, READ)
    this.at = this.#read & this.#mask
  }

  /** Whether what is {@link available} is the last there will be. Ask this first. */
  get isEnded(): boolean {
    return Atomics.load(this.#stream.control, ENDED) !== 0
  }

  /** How many samples can be read now. */
  get available(): number {
    return (Atomics.load(this.#stream.control, WRITTEN) - this.#read) | 0
  }

  /** Where it is, as a position that wraps at 2^31. */
  get position(): number {
    return this.#read
  }

  /** Steps over `count` samples, which the writer may overwrite from now on. */
  advance(count: number): void {
    this.#read = (this.#read + count) | 0
    this.at = this.#read & this.#mask
    Atomics.store(this.#stream.control, READ, this.#read)
  }
}

/** Places in `control`. The positions count samples and wrap at 2^31. */
const WRITTEN = 0
const READ = 1
const ENDED = 2

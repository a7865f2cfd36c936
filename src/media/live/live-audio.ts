import type { LiveAudio } from '../engine/play-source.ts'
import { createRing, endStream, StreamReader, StreamWriter } from '../file/stream-ring.ts'

/**
 * Makes the ring through which somebody speaks who speaks just now: an application or an agent writes, and one player on
 * a media thread reads; neither ever waits for the other.
 *
 * @param capacity samples that it holds, a power of two
 * @param sampleRateHz of 16-bit samples; G.711 has 8 kHz
 * @throws RangeError when it is none
 */
export function createLiveAudio(
  encoding: LiveAudio['encoding'],
  capacity: number,
  sampleRateHz: 8000 | 16_000 = 8000,
): LiveAudio {
  return createRing(encoding, capacity, sampleRateHz, 7)
}

/** The writing end. Positions count samples from the beginning and wrap at 2^31. */
export class LiveWriter {
  readonly #audio: LiveAudio
  readonly #ring: StreamWriter

  constructor(audio: LiveAudio) {
    this.#audio = audio
    this.#ring = new StreamWriter(audio)
  }

  /** How many samples were written. */
  get position(): number {
    return this.#ring.position
  }

  /** How many of them were played, or cleared. */
  get played(): number {
    return this.#ring.readPosition
  }

  /** How many samples can be written now. */
  get room(): number {
    return this.#ring.room
  }

  /** Writes `count` samples from `at` on, in the encoding of the audio, and no more than there is {@link room} for. */
  write(samples: Int16Array | Uint8Array, at: number, count: number): void {
    this.#ring.write(samples, at, count)
  }

  /** What was written until now and is not played yet never will be: the packet after the next is without it. */
  clear(): void {
    const { control } = this.#audio
    Atomics.store(control, CLEARED_TO, this.position)
    Atomics.add(control, CLEARS, 1)
  }

  /** Wants to be told, once, when everything before this position was played or cleared. It replaces an earlier wish. */
  tellAt(position: number): void {
    const { control } = this.#audio
    Atomics.store(control, TELL_AT, position)
    Atomics.store(control, TELLS, 1)
  }

  /** Nothing more will be written: the player ends when the rest was played. */
  end(): void {
    endStream(this.#audio)
  }
}

/** The reading end. It allocates nothing. */
export class LiveReader {
  readonly #control: Int32Array
  readonly #ring: StreamReader
  /** Of those that it has looked at: none, though there may have been some before it came. */
  #clears = -1

  constructor(audio: LiveAudio) {
    this.#control = audio.control
    this.#ring = new StreamReader(audio)
  }

  /** Where the next sample is, in `data`. */
  get at(): number {
    return this.#ring.at
  }

  /** Whether what is {@link available} is the last there will be. Ask this first. */
  get isEnded(): boolean {
    return this.#ring.isEnded
  }

  /** How many samples can be read now. */
  get available(): number {
    return this.#ring.available
  }

  advance(count: number): void {
    this.#ring.advance(count)
  }

  /** Steps over what was cleared since it was called last. */
  skipCleared(): void {
    const clears = Atomics.load(this.#control, CLEARS)
    if (clears === this.#clears) return
    this.#clears = clears
    const cleared = (Atomics.load(this.#control, CLEARED_TO) - this.#ring.position) | 0
    if (cleared > 0) this.#ring.advance(cleared)
  }

  /** Whether the writer is to be told now. */
  takeTell(): boolean {
    const control = this.#control
    if (Atomics.load(control, TELLS) === 0) return false
    if (((this.#ring.position - Atomics.load(control, TELL_AT)) | 0) < 0) return false
    Atomics.store(control, TELLS, 0)
    return true
  }
}

/** Places in `control`, behind those of {@link StreamReader}. */
const CLEARS = 3
const CLEARED_TO = 4
const TELLS = 5
const TELL_AT = 6

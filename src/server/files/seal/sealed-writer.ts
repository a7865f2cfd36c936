import type { RecordingFile } from '../recording-file.ts'
import { SEGMENT_BYTES, SEGMENT_KIND, type Seal, type SegmentKind, segmentAt } from './seal.ts'

/**
 * Encrypts a file while it is written. It is written from beginning to end; only what is in the first segment, where the
 * header of a recording is, and in the one that grows may be written over. A segment is on the disk once the next one
 * has begun: a process that is killed loses less than 4 KiB of what it wrote.
 */
export class SealedWriter implements RecordingFile {
  readonly #file: RecordingFile
  readonly #seal: Seal
  readonly #first = new Uint8Array(SEGMENT_BYTES)
  /** The segment that grows, where it is not the first. */
  readonly #growing = new Uint8Array(SEGMENT_BYTES)
  #index = 0
  #length = 0

  private constructor(file: RecordingFile, seal: Seal) {
    this.#file = file
    this.#seal = seal
  }

  /** The writer takes the file over, which is empty. */
  static async begin(file: RecordingFile, seal: Seal): Promise<SealedWriter> {
    await file.write(seal.header, 0)
    return new SealedWriter(file, seal)
  }

  async write(bytes: Uint8Array, at: number): Promise<void> {
    for (let done = 0; done < bytes.length; ) {
      const index = Math.floor((at + done) / SEGMENT_BYTES)
      const start = at + done - index * SEGMENT_BYTES
      const part = bytes.subarray(done, done + SEGMENT_BYTES - start)
      if (index > this.#index) await this.#beginSegment(index)
      this.#bufferOf(index).set(part, start)
      done += part.length
    }
    this.#length = Math.max(this.#length, at + bytes.length)
  }

  /** Completes the file: nothing may be written afterwards. */
  async sync(): Promise<void> {
    const last = this.#length - this.#index * SEGMENT_BYTES
    await this.#put(this.#index, this.#bufferOf(this.#index).subarray(0, last), SEGMENT_KIND.LAST)
    if (this.#index > 0) await this.#put(0, this.#first, SEGMENT_KIND.MIDDLE)
    await this.#file.sync()
  }

  close(): Promise<void> {
    return this.#file.close()
  }

  async #beginSegment(index: number): Promise<void> {
    if (index !== this.#index + 1) throw new Error('an encrypted file is written without gaps')
    if (this.#index === 0) await this.#put(0, this.#first, SEGMENT_KIND.PROVISIONAL)
    else await this.#put(this.#index, this.#growing, SEGMENT_KIND.MIDDLE)
    this.#index = index
  }

  #bufferOf(index: number): Uint8Array {
    if (index === 0) return this.#first
    if (index !== this.#index) throw new Error('what was encrypted cannot be written over')
    return this.#growing
  }

  #put(index: number, segment: Uint8Array, kind: SegmentKind): Promise<void> {
    return this.#file.write(this.#seal.close(segment, index, kind), segmentAt(index))
  }
}

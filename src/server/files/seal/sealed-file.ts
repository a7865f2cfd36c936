import type { ReadableFile } from '../audio/disk-file.ts'
import {
  damaged,
  SEAL_HEADER_BYTES,
  SEALED_SEGMENT_BYTES,
  SEGMENT_BYTES,
  SEGMENT_KIND,
  type Seal,
  type SegmentKind,
  segmentAt,
} from './seal.ts'

/**
 * An encrypted file, read as if it were not. Each segment is authenticated before anything of it is given; that the file
 * ends where it should is known once it is open.
 */
export class SealedFile implements ReadableFile {
  readonly size: number
  readonly #file: ReadableFile
  readonly #seal: Seal

  private constructor(file: ReadableFile, seal: Seal, size: number) {
    this.#file = file
    this.#seal = seal
    this.size = size
  }

  /** @throws Error when the file was cut short or changed */
  static async open(file: ReadableFile, seal: Seal): Promise<SealedFile> {
    const count = segmentsIn(file)
    const last = await file.read(segmentAt(count - 1), SEALED_SEGMENT_BYTES)
    const opened = seal.open(last, count - 1, SEGMENT_KIND.LAST)
    if (opened === undefined) throw damaged()
    return new SealedFile(file, seal, (count - 1) * SEGMENT_BYTES + opened.length)
  }

  async read(at: number, length: number): Promise<Uint8Array> {
    const end = Math.min(at + length, this.size)
    if (at >= end) return new Uint8Array(0)
    const first = Math.floor(at / SEGMENT_BYTES)
    const count = Math.ceil(end / SEGMENT_BYTES) - first
    const sealed = await this.#file.read(segmentAt(first), count * SEALED_SEGMENT_BYTES)
    const bytes = new Uint8Array(end - at)
    for (let i = 0; i < count; i++) {
      const index = first + i
      const isLast = (index + 1) * SEGMENT_BYTES >= this.size
      const segment = this.#seal.open(slotOf(sealed, i), index, isLast ? SEGMENT_KIND.LAST : SEGMENT_KIND.MIDDLE)
      if (segment === undefined) throw damaged()
      const start = index * SEGMENT_BYTES
      bytes.set(segment.subarray(Math.max(0, at - start), end - start), Math.max(0, start - at))
    }
    return bytes
  }

  close(): Promise<void> {
    return this.#file.close()
  }
}

/**
 * What of a recording that was never completed is authentic: segment by segment, up to the first that is not whole. The
 * header of the recording is the one that it had when it was begun.
 */
export async function* authenticSegments(file: ReadableFile, seal: Seal): AsyncGenerator<Uint8Array, void, undefined> {
  const count = Math.ceil((file.size - SEAL_HEADER_BYTES) / SEALED_SEGMENT_BYTES)
  for (let first = 0; first < count; first += SEGMENTS_AT_ONCE) {
    const sealed = await file.read(segmentAt(first), SEGMENTS_AT_ONCE * SEALED_SEGMENT_BYTES)
    for (let i = 0; i * SEALED_SEGMENT_BYTES < sealed.length; i++) {
      const segment = openAsAny(seal, slotOf(sealed, i), first + i)
      if (segment === undefined) return
      yield segment
      if (segment.length < SEGMENT_BYTES) return
    }
  }
}

const SEGMENTS_AT_ONCE = 16

function openAsAny(seal: Seal, sealed: Uint8Array, index: number): Uint8Array | undefined {
  const kinds: SegmentKind[] = [SEGMENT_KIND.MIDDLE, SEGMENT_KIND.LAST]
  if (index === 0) kinds.push(SEGMENT_KIND.PROVISIONAL)
  for (const kind of kinds) {
    const segment = seal.open(sealed, index, kind)
    if (segment !== undefined) return segment
  }
  return undefined
}

function segmentsIn(file: ReadableFile): number {
  const bytes = file.size - SEAL_HEADER_BYTES
  if (bytes <= 0) throw damaged()
  return Math.ceil(bytes / SEALED_SEGMENT_BYTES)
}

function slotOf(sealed: Uint8Array, slot: number): Uint8Array {
  return sealed.subarray(slot * SEALED_SEGMENT_BYTES, (slot + 1) * SEALED_SEGMENT_BYTES)
}

import { MediaFileError } from '../../kit/index.ts'
import type { LegId, RoomTrack } from '../../media/index.ts'
import type { RecordingFormat, RecordingSink } from '../media-store.ts'
import type { Written } from '../recording-job.ts'
import type { RecordedParty, RecordedRoom } from './recorded-room.ts'

/** One file of a room that is recorded in tracks. */
export interface RoomTrackFile extends RecordedParty {
  readonly file: string
  /** When it was first heard, in milliseconds from the beginning of the recording. */
  readonly heardFromMs: number
}

/** The files of a recording in tracks: each is opened when its party is first heard. */
export class RoomTracks implements Written {
  readonly files: RoomTrackFile[] = []
  readonly #room: RecordedRoom
  readonly #name: string
  #format: RecordingFormat = 'pcm16'
  #sampleRateHz: 8000 | 16_000 = 8000
  readonly #open = new Map<LegId, TrackFile>()
  readonly #all: TrackFile[] = []

  /** @param name of which the names of the files are made */
  constructor(room: RecordedRoom, name: string) {
    this.#room = room
    this.#name = name
  }

  /** What the files are to be. */
  as(format: RecordingFormat, sampleRateHz: 8000 | 16_000): this {
    this.#format = format
    this.#sampleRateHz = sampleRateHz
    return this
  }

  write(samples: Int16Array, track?: RoomTrack): boolean {
    if (track === undefined) return true
    const file = this.#open.get(track.of) ?? this.#begin(track)
    if (track.isLast) {
      this.#open.delete(track.of)
      void file.close().catch(() => {})
    } else file.write(samples)
    return this.#all.every(({ isBroken }) => !isBroken)
  }

  /** @throws Error the first that went wrong with any of the files; the others are complete */
  async close(): Promise<void> {
    const closed = await Promise.allSettled(this.#all.map((file) => file.close()))
    for (const each of closed) if (each.status === 'rejected') throw each.reason
  }

  #begin({ of, from }: RoomTrack): TrackFile {
    const name = numbered(this.#name, this.#all.length + 1)
    const { host } = this.#room
    const [format, rateHz] = [this.#format, this.#sampleRateHz]
    const pause = (): Promise<void> => new Promise((resolve) => host.timer(resolve).setIn(PAUSE_MS))
    const file = new TrackFile(() => host.files.write(name, format, rateHz, 1), from, rateHz, pause)
    this.#open.set(of, file)
    this.#all.push(file)
    const party = this.#room.partyOf(of)
    if (party !== undefined) this.files.push({ file: name, ...party, heardFromMs: (from * 1000) / rateHz })
    return file
  }
}

/** One of them: silence up to where its party is first heard, written in pieces, and then what the party says. */
class TrackFile {
  /** It can take no more; {@link close} says why. */
  isBroken = false
  readonly #sampleRateHz: number
  readonly #begun: Promise<void>
  #sink: RecordingSink | undefined
  /** What was said before the silence was written. */
  readonly #waiting: Int16Array[] = []
  #failure: unknown
  #closed: Promise<void> | undefined

  constructor(open: () => Promise<RecordingSink>, silence: number, sampleRateHz: number, pause: () => Promise<void>) {
    this.#sampleRateHz = sampleRateHz
    this.#begun = this.#begin(open, silence, pause).catch((error: unknown) => this.#fail(error))
  }

  write(samples: Int16Array): void {
    if (this.#sink !== undefined && this.#waiting.length === 0) this.#pass(samples)
    else if (this.#waiting.push(samples) > MOST_WAITING) this.#fail(new MediaFileError('the disk is too slow'))
  }

  close(): Promise<void> {
    this.#closed ??= this.#finish()
    return this.#closed
  }

  async #begin(open: () => Promise<RecordingSink>, silence: number, pause: () => Promise<void>): Promise<void> {
    const sink = await open()
    this.#sink = sink
    const piece = new Int16Array(PIECE_S * this.#sampleRateHz)
    for (let left = silence; left > 0 && !this.isBroken; left -= piece.length) {
      this.#pass(left < piece.length ? piece.subarray(0, left) : piece)
      if (left > piece.length) await pause()
    }
    for (const samples of this.#waiting.splice(0)) this.#pass(samples)
  }

  async #finish(): Promise<void> {
    await this.#begun
    await this.#sink?.close()
    if (this.#failure !== undefined) throw this.#failure
  }

  #pass(samples: Int16Array): void {
    if (this.#sink?.write(samples) === false) this.isBroken = true
  }

  #fail(error: unknown): void {
    this.isBroken = true
    this.#failure ??= error
  }
}

/** `folder/meeting.wav` is `folder/meeting-2.wav`. */
function numbered(name: string, number: number): string {
  return name.replace(/(\.[^./]*)?$/, (ending) => `-${number}${ending}`)
}

/** Of silence at once: 320 kB at most, of which a store takes several before it thinks that its disk is too slow. */
const PIECE_S = 10
const PAUSE_MS = 50
/** Blocks of 160 ms: two minutes. */
const MOST_WAITING = 750

import type { MediaEvent, PlaySource, RoomId } from '../../media/index.ts'
import { TONE_PRESETS } from '../../media/index.ts'
import type { CallHost } from '../host.ts'
import type { Playable } from '../media-store.ts'
import { openMedia } from '../open-media.ts'
import type { FileToPlay, TextToSay } from '../playable-media.ts'
import { rateInRooms } from './party-settings.ts'
import type { Announcement } from './room-state.ts'

/** One after the other, without a break. */
export type Pieces = readonly (FileToPlay | TextToSay | 'beep')[]

/** Lets a room hear the announcement that its state says: each from its beginning to its end, or to that of the room. */
export class Announcer {
  readonly #host: CallHost
  readonly #room: RoomId
  readonly #piecesOf: (announcement: Announcement) => Pieces
  readonly #onHeard: (id: string) => void
  #current: Hearing | undefined

  /**
   * @param piecesOf what an announcement consists of
   * @param onHeard it has been heard, or could not be
   */
  constructor(
    host: CallHost,
    room: RoomId,
    piecesOf: (announcement: Announcement) => Pieces,
    onHeard: (id: string) => void,
  ) {
    this.#host = host
    this.#room = room
    this.#piecesOf = piecesOf
    this.#onHeard = onHeard
  }

  /** The room is to hear this announcement now, or none. @param mostHz what its parties can make use of */
  be(announcement: Announcement | undefined, mostHz: () => 8000 | 16_000): void {
    if (announcement?.id === this.#current?.id) return
    this.#current?.stop()
    this.#current = undefined
    if (announcement === undefined) return
    const hearing = new Hearing(this.#host, this.#room, announcement.id, () => {
      if (this.#current !== hearing) return
      this.#current = undefined
      this.#onHeard(announcement.id)
    })
    this.#current = hearing
    void hearing.begin(this.#piecesOf(announcement), mostHz())
  }
}

interface Opened {
  readonly source: PlaySource
  readonly playable?: Playable
}

/** One announcement, while it is heard. */
class Hearing {
  readonly id: string
  readonly #host: CallHost
  readonly #room: RoomId
  readonly #onHeard: () => void
  readonly #sources: Opened[] = []
  #stopPiece: () => void = () => {}
  #isStopped = false

  constructor(host: CallHost, room: RoomId, id: string, onHeard: () => void) {
    this.id = id
    this.#host = host
    this.#room = room
    this.#onHeard = onHeard
  }

  /** All pieces are opened before the first is heard: no pause stands between a name and what is said of it. */
  async begin(pieces: Pieces, mostHz: 8000 | 16_000): Promise<void> {
    const opened = await Promise.all(pieces.map((piece) => this.#open(piece, mostHz)))
    for (const each of opened) if (each !== undefined) this.#sources.push(each)
    this.#host.post(() => this.#next())
  }

  stop(): void {
    this.#isStopped = true
    this.#stopPiece()
  }

  async #open(piece: Pieces[number], mostHz: 8000 | 16_000): Promise<Opened | undefined> {
    if (piece === 'beep') return { source: { kind: 'tone', steps: TONE_PRESETS.BEEP, loop: false } }
    try {
      const playable = await openMedia(this.#host, piece, {
        loop: false,
        mostHz: rateInRooms(this.#host, piece, mostHz),
      })
      return { source: playable.source, playable }
    } catch (error) {
      this.#host.logger.warn(
        { err: error, ...piece },
        'a conference goes without an announcement that cannot be played',
      )
      return undefined
    }
  }

  #next(): void {
    const piece = this.#sources.shift()
    if (piece === undefined) this.#onHeard()
    else if (this.#isStopped) {
      void piece.playable?.close().catch(() => {})
      this.#next()
    } else this.#play(piece)
  }

  #play({ source, playable }: Opened): void {
    const [leg, job] = [this.#host.nextId(), this.#host.nextId()]
    this.#stopPiece = () => this.#host.media({ type: 'stopJob', leg, job })
    this.#host.onRoomSound(leg, (event: MediaEvent) => {
      if (event.type !== 'finished') return
      this.#host.onRoomSound(leg, undefined)
      this.#stopPiece = () => {}
      void playable?.close().catch(() => {})
      this.#next()
    })
    this.#host.media({ type: 'playToRoom', leg, room: this.#room, job, source })
  }
}

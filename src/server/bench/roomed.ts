import type { LegId, MediaCommand } from '../../media/index.ts'
import type { MediaPlane } from '../media-plane.ts'

/**
 * Puts every leg into a room as soon as its stream begins, `size` of them in each: the first seat that is free. A media
 * plane as it is, when there is no size.
 *
 * Conferences of applications will do more than that (and cost the main thread something while they do); for the media
 * workers it is the same.
 */
export function roomed(media: MediaPlane, size: number | undefined): MediaPlane {
  return size === undefined ? media : new RoomedMedia(media, size)
}

class RoomedMedia implements MediaPlane {
  readonly hasOpus: boolean
  readonly #media: MediaPlane
  readonly #size: number
  readonly #seats: (LegId | undefined)[] = []
  readonly #mixed = new Set<LegId>()

  constructor(media: MediaPlane, size: number) {
    this.#media = media
    this.#size = size
    this.hasOpus = media.hasOpus ?? false
  }

  send(command: MediaCommand): void {
    const { leg, type } = command
    if (type === 'open') {
      const beside = this.#sitDown(leg)
      this.#media.send({ ...command, ...(beside !== undefined && { with: beside }) })
      return
    }
    this.#media.send(command)
    if (type !== 'start' || this.#mixed.has(leg)) return
    this.#mixed.add(leg)
    this.#media.send({ type: 'mix', leg, room: Math.floor(this.#seats.indexOf(leg) / this.#size) })
  }

  onEvent: MediaPlane['onEvent'] = (listener) => {
    this.#media.onEvent((event) => {
      if (event.type === 'mixFailed') throw new Error(event.reason)
      if (event.type === 'closed' || event.type === 'failed') this.#standUp(event.leg)
      listener(event)
    })
  }

  counters: MediaPlane['counters'] = () => this.#media.counters()

  close: MediaPlane['close'] = () => this.#media.close()

  /** Returns somebody who is in the same room, if anybody is. */
  #sitDown(leg: LegId): LegId | undefined {
    const free = this.#seats.indexOf(undefined)
    const seat = free < 0 ? this.#seats.length : free
    this.#seats[seat] = leg
    const first = seat - (seat % this.#size)
    return this.#seats.slice(first, first + this.#size).find((other) => other !== undefined && other !== leg)
  }

  #standUp(leg: LegId): void {
    this.#mixed.delete(leg)
    const seat = this.#seats.indexOf(leg)
    if (seat >= 0) this.#seats[seat] = undefined
  }
}

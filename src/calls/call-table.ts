import { Table } from '../kit/index.ts'
import type { LegId, MediaEvent } from '../media/index.ts'
import type { ReferId, SessionId } from '../sip/index.ts'
import type { CallHost, ReferEvent } from './host.ts'
import type { Leg } from './leg.ts'

/**
 * Who of the calls that are there hears what of SIP and of the media plane.
 *
 * @see CallHost for what its first four functions do
 */
export class CallTable implements Pick<CallHost, 'onSession' | 'onRefer' | 'onMediaLeg' | 'onRoomSound'> {
  readonly #guard: (action: () => void, leg?: Leg) => void
  readonly #sessions = new Table<SessionId, Leg>()
  readonly #refers = new Map<ReferId, (event: ReferEvent) => void>()
  readonly #mediaLegs = new Table<LegId, (event: MediaEvent) => void>()
  /** By the ids of their media. */
  readonly #legs = new Table<LegId, Leg>()

  /** @param guard does something, and keeps what it throws from whoever has nothing to do with it */
  constructor(guard: (action: () => void, leg?: Leg) => void) {
    this.#guard = guard
  }

  onSession(session: SessionId, leg: Leg | undefined): void {
    if (leg === undefined) this.#sessions.delete(session)
    else this.#sessions.set(session, leg)
  }

  onRefer(refer: ReferId, listener: ((event: ReferEvent) => void) | undefined): void {
    if (listener === undefined) this.#refers.delete(refer)
    else this.#refers.set(refer, listener)
  }

  onMediaLeg(id: LegId, leg: Leg | undefined): void {
    if (leg === undefined) this.#mediaLegs.delete(id)
    else this.#mediaLegs.set(id, (event) => this.#guard(() => leg.media.onEvent(event), leg))
  }

  onRoomSound(id: LegId, listener: ((event: MediaEvent) => void) | undefined): void {
    if (listener === undefined) this.#mediaLegs.delete(id)
    else this.#mediaLegs.set(id, (event) => this.#guard(() => listener(event)))
  }

  add(leg: Leg): void {
    this.#legs.set(leg.media.id, leg)
  }

  delete(leg: Leg): void {
    this.#legs.delete(leg.media.id)
  }

  /** How many calls there are. */
  get size(): number {
    return this.#legs.size
  }

  /** The calls that are there now, whatever becomes of them meanwhile. */
  all(): readonly Leg[] {
    return [...this.#legs.values()]
  }

  /** The call whose events those of this session are. */
  ofSession(session: SessionId): Leg | undefined {
    return this.#sessions.get(session)
  }

  toMedia(event: MediaEvent): void {
    this.#mediaLegs.get(event.leg)?.(event)
  }

  toRefer(event: ReferEvent): void {
    const listener = this.#refers.get(event.refer)
    if (listener !== undefined) this.#guard(() => listener(event))
  }

  sizes(): Readonly<Record<'calls' | 'sessions' | 'refers' | 'mediaLegs', number>> {
    return {
      calls: this.#legs.size,
      sessions: this.#sessions.size,
      refers: this.#refers.size,
      mediaLegs: this.#mediaLegs.size,
    }
  }
}

import { UsageError } from '../../kit/index.ts'
import type { CallHost, CallTimer } from '../host.ts'
import { type EventOf, NumberedEvents } from '../numbered-events.ts'
import { checkRoomPolicy, type RoomPolicyOptions } from './room-policy.ts'
import { assertRoomName } from './rooms.ts'

/** When a conference room is to be there. */
export interface ReservationOptions {
  /** Wall time of its beginning, in milliseconds since 1970, up to a year ahead. Default: now. */
  startAt?: number
  /** How long it lasts, 1 s to 7 days. */
  durationMs: number
  /**
   * Where the room differs from what its name and the exchange make of it. A room that somebody is in already is so from
   * `startAt` on: nobody is put out of it.
   */
  policy?: RoomPolicyOptions
}

/**
 * Where a reservation stands: `RESERVED` before its time, `HOLDING` when somebody waits in the room already, `ACTIVE` in its
 * time, `COMPLETED` afterwards or when it was cancelled.
 */
export type ReservationState = 'RESERVED' | 'HOLDING' | 'ACTIVE' | 'COMPLETED'

/** What happens to a reservation. */
export type ReservationEvent =
  /** Its time has come: the room may start. */
  | { readonly type: 'begun' }
  | { readonly type: 'extended'; readonly endAt: number }
  /** Whoever calls for the room is brought to that service instead, or not any more. */
  | { readonly type: 'diverted'; readonly service: string | undefined }
  /** Its time is over, or it was cancelled. */
  | { readonly type: 'completed' }

/** What a reservation does to its room. */
export interface ReservedRoom {
  readonly isThere: boolean
  /** From now on it may start. */
  open(): void
  destroy(): void
  /** The name is free again. */
  forget(): void
  isService(name: string): boolean
}

/**
 * A conference room for a time: who comes before that waits, as in a stopped room, and when the time is over whoever is
 * left is hung up.
 */
export class Reservation {
  readonly room: string
  readonly startAt: number
  readonly policy: RoomPolicyOptions
  readonly #host: CallHost
  readonly #reserved: ReservedRoom
  readonly #timer: CallTimer
  readonly #events: NumberedEvents<ReservationEvent>
  #endAt: number
  #phase: 'before' | 'during' | 'after' = 'before'
  #divertsTo: string | undefined

  /**
   * @internal Within a mutation follows {@link begin}.
   * @throws UsageError for a time that cannot be
   */
  constructor(
    host: CallHost,
    room: string,
    { startAt = host.wallTimeMs(), durationMs, policy = {} }: ReservationOptions,
    reserved: ReservedRoom,
  ) {
    assertRoomName('reserve', room)
    checkDuration('reserve: durationMs', durationMs)
    if (!(startAt <= host.wallTimeMs() + MOST_AHEAD_MS))
      throw new UsageError(`reserve: startAt must be a time in milliseconds since 1970 within a year, not ${startAt}`)
    if (!(startAt + durationMs > host.wallTimeMs()))
      throw new UsageError(`reserve: a reservation from ${startAt} for ${durationMs} ms is over already`)
    checkRoomPolicy('reserve: policy', policy)
    this.room = room
    this.startAt = startAt
    this.policy = { ...policy }
    this.#host = host
    this.#reserved = reserved
    this.#endAt = startAt + durationMs
    this.#events = new NumberedEvents(() => host.wallTimeMs())
    this.#timer = host.timer(() => this.#onTime())
  }

  /** Wall time, in milliseconds since 1970. */
  get endAt(): number {
    return this.#endAt
  }

  state(): ReservationState {
    if (this.#phase === 'before') return this.#reserved.isThere ? 'HOLDING' : 'RESERVED'
    return this.#phase === 'during' ? 'ACTIVE' : 'COMPLETED'
  }

  /** The service that whoever calls for the room is brought to instead. */
  get divertsTo(): string | undefined {
    return this.#divertsTo
  }

  /** @internal Whoever comes into the room now has to wait. */
  get holds(): boolean {
    return this.#phase === 'before'
  }

  /** Listens to events, numbered 1, 2, 3, ... per reservation. Returns the function that stops it. */
  on<Type extends ReservationEvent['type']>(
    type: Type,
    listener: (event: EventOf<ReservationEvent, Type>) => void,
  ): () => void {
    return this.#events.on(type, listener)
  }

  /**
   * Lets it last longer; a negative time shortens it.
   * @returns false when it is over, also when it is over by that
   */
  extend(byMs: number): Promise<boolean> {
    if (!Number.isFinite(byMs)) throw new UsageError(`extend: expected milliseconds, not ${byMs}`)
    checkDuration('extend: the whole duration', Math.max(1000, this.#endAt + byMs - this.startAt))
    return this.#do(() => {
      this.#endAt += byMs
      this.#emit({ type: 'extended', endAt: this.#endAt })
      this.#onTime()
    })
  }

  /**
   * Brings whoever calls for the room to another service from now on, by its number or by `room:NAME`, for instance to an
   * announcement before its time, or to an operator when it is not to be entered any more. Without a service no longer.
   * Who is in the room stays; applications that let their callers in by themselves look at {@link divertsTo}.
   * @returns false when it is over
   * @throws UsageError for what is no service
   */
  divert(service: string | undefined): Promise<boolean> {
    if (service !== undefined && !this.#reserved.isService(service))
      throw new UsageError(`divert: there is no service ${JSON.stringify(service)}`)
    return this.#do(() => {
      this.#divertsTo = service
      this.#emit({ type: 'diverted', service })
    })
  }

  /** Ends it at once: whoever is in the room is hung up. */
  async cancel(): Promise<void> {
    await this.#do(() => this.#complete())
  }

  /** @internal Within a mutation. */
  begin(): void {
    this.#onTime()
  }

  #do(action: () => void): Promise<boolean> {
    return new Promise((resolve) => {
      this.#host.post(() => {
        if (this.#phase !== 'after') action()
        resolve(this.#phase !== 'after')
      })
    })
  }

  #onTime(): void {
    const now = this.#host.wallTimeMs()
    if (now >= this.#endAt) {
      this.#complete()
      return
    }
    if (now >= this.startAt && this.#phase === 'before') {
      this.#phase = 'during'
      this.#reserved.open()
      this.#emit({ type: 'begun' })
    }
    this.#timer.setIn(Math.min((this.#phase === 'before' ? this.startAt : this.#endAt) - now, LONGEST_WAIT_MS))
  }

  #complete(): void {
    if (this.#phase === 'after') return
    this.#phase = 'after'
    this.#timer.clear()
    this.#reserved.destroy()
    this.#reserved.forget()
    this.#emit({ type: 'completed' })
  }

  #emit(event: ReservationEvent): void {
    this.#events.emit(event, (error) =>
      this.#host.logger.error({ err: error, room: this.room }, 'a listener to the events of a reservation threw'),
    )
  }
}

const MOST_AHEAD_MS = 366 * 86_400_000
/** A wall clock that is set meanwhile is noticed within an hour. */
const LONGEST_WAIT_MS = 3_600_000

function checkDuration(what: string, ms: number): void {
  if (!(ms >= 1000 && ms <= 7 * 86_400_000))
    throw new UsageError(`${what} must be 1 s to 7 days in milliseconds, not ${ms}`)
}

import type { MixerParty } from '../node/mixer-party.ts'
import { TalkerMeter } from '../node/talker-meter.ts'
import type { JobCause, LegId, TalkerChange } from './control.ts'
import type { RoomListener } from './room.ts'

/** Looks each 200 ms who talks in a room, and says all that has changed at once: one message, however many talk. */
export class TalkerWatch implements RoomListener {
  readonly #meters = new Map<LegId, { readonly party: MixerParty; readonly meter: TalkerMeter }>()
  readonly #onChanges: (changes: readonly TalkerChange[]) => void
  readonly #onEnd: (cause: JobCause, detail?: string) => void
  #rounds = 0

  constructor(
    onChanges: (changes: readonly TalkerChange[]) => void,
    onEnd: (cause: JobCause, detail?: string) => void,
  ) {
    this.#onChanges = onChanges
    this.#onEnd = onEnd
  }

  /** Who talks is to be heard to fall silent. */
  get needsRounds(): boolean {
    for (const { meter } of this.#meters.values()) if (meter.isTalking) return true
    return false
  }

  enter(leg: LegId, party: MixerParty): void {
    const meter = new TalkerMeter()
    party.meter = meter
    this.#meters.set(leg, { party, meter })
  }

  leave(leg: LegId): void {
    const left = this.#meters.get(leg)
    if (left === undefined) return
    this.#meters.delete(leg)
    if (left.meter.isTalking) this.#onChanges([{ of: leg, what: 'ended', levelDbm0: left.meter.levelDbm0 }])
  }

  hearRound(): undefined {
    if (++this.#rounds % ROUNDS_PER_LOOK !== 0) return
    const changes: TalkerChange[] = []
    for (const [of, { meter }] of this.#meters) {
      const what = meter.look()
      if (what !== undefined) changes.push({ of, what, levelDbm0: meter.levelDbm0 })
    }
    if (changes.length > 0) this.#onChanges(changes)
  }

  end(cause: JobCause, detail?: string): void {
    for (const { party } of this.#meters.values()) party.meter = undefined
    this.#onEnd(cause, detail)
  }
}

/** 200 ms. */
const ROUNDS_PER_LOOK = 10

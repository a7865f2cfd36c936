import type { MixerParty } from '../node/mixer-party.ts'
import type { FrameListener } from './hearing.ts'
import type { Inbound } from './inbound.ts'
import { TICK_MS } from './schedule.ts'

/**
 * Stands between a leg and its party of the mixer: the room does not hear keys that mean something to it. Keys are looked for in
 * packets as they come, and are heard after the jitter buffer, 20 ms later at least: that is the time in which a key can
 * be known before anybody hears it.
 */
export class KeyGuard implements FrameListener {
  readonly #party: MixerParty
  readonly #inbound: Inbound
  readonly #keys: string
  /** Frames that may still hold what was in sight. */
  #framesToPass = 0

  constructor(party: MixerParty, inbound: Inbound, keys: string) {
    this.#party = party
    this.#inbound = inbound
    this.#keys = keys
  }

  get quietEnergy(): number {
    return this.#party.quietEnergy
  }

  hear(frame: Int16Array): void {
    if (this.#isToPass()) this.#party.pass()
    else this.#party.hear(frame)
  }

  hearWide(frame: Int16Array): void {
    if (this.#isToPass()) this.#party.pass()
    else this.#party.hearWide(frame)
  }

  #isToPass(): boolean {
    const key = this.#inbound.keyInSight
    if (key !== '' && this.#keys.includes(key))
      this.#framesToPass = Math.ceil(this.#inbound.hearing.delayMs / TICK_MS) + 1
    if (this.#framesToPass === 0) return false
    this.#framesToPass--
    return true
  }
}

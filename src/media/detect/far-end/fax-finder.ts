import { CallingTone } from './calling-tone.ts'
import type { ToneLook } from './tone-look.ts'

export type FaxTone = 'ced' | 'cng' | 'v21'

/**
 * Hears fax machines: the answering tone (CED of ITU-T T.30, ANSam of V.8: 2,100 Hz, whose phase turns each 450 ms and whose
 * level sways with 15 Hz in some), the calling tone (CNG: 1,100 Hz for half a second, three seconds of pause), and the flags
 * before what they say first (V.21 channel 2: 1,650 and 1,850 Hz by turns of a few milliseconds). Each is said once.
 */
export class FaxFinder {
  /** When the tone began that was found last. */
  startedAtMs = 0
  #cedHops = 0
  #cedMisses = 0
  #flagHops = 0
  #flagMisses = 0
  readonly #cng = new CallingTone()
  readonly #found = new Set<FaxTone>()

  /** Somebody else may be there now: what sounds still is said again. */
  restart(): void {
    this.#found.clear()
  }

  /**
   * To be called after each look.
   * @param hasSpoken somebody has: then a tone of 2,100 Hz may be a beep, and has to be longer than one
   */
  hear(look: ToneLook, nowMs: number, hasSpoken: boolean): FaxTone | undefined {
    this.#followCed(look)
    this.#followFlags(look)
    if (this.#cedHops >= (hasSpoken ? CED_AFTER_SPEECH_HOPS : CED_HOPS))
      return this.#say('ced', nowMs - (this.#cedHops + this.#cedMisses) * HOP_MS - LOOK_FILLS_MS)
    if (this.#flagHops >= FLAG_HOPS)
      return this.#say('v21', nowMs - (this.#flagHops + this.#flagMisses) * HOP_MS - LOOK_FILLS_MS)
    return this.#cng.hear(look, nowMs, hasSpoken) ? this.#say('cng', this.#cng.startedAtMs) : undefined
  }

  #say(tone: FaxTone, startedAtMs: number): FaxTone | undefined {
    if (this.#found.has(tone)) return undefined
    this.#found.add(tone)
    this.startedAtMs = startedAtMs
    return tone
  }

  /**
   * What else sounds, our own echo above all, sounds lower. A look that straddles a turn of the phase shows two frequencies
   * on both sides of it.
   */
  #followCed(look: ToneLook): void {
    if (look.found !== 'quiet' && this.#isCed(look)) {
      this.#cedHops++
      this.#cedMisses = 0
    } else if (this.#cedHops > 0 && ++this.#cedMisses > CED_MOST_MISSES) this.#cedHops = 0
  }

  #isCed(look: ToneLook): boolean {
    if (look.shareAround(CED_HZ) < CED_SHARE_OF_ALL) return false
    const hz = look.strongestWithin(CED_LOW_HZ, CED_HIGH_HZ)
    return Math.abs(hz - CED_HZ) <= CED_OFF_HZ && look.localShare > CED_SHARE
  }

  /** For so long neither a voice nor an instrument has so much of what lies around there. */
  #followFlags(look: ToneLook): void {
    if (look.found !== 'quiet' && this.#isFlag(look)) {
      this.#flagHops++
      this.#flagMisses = 0
    } else if (this.#flagHops > 0 && ++this.#flagMisses > FLAG_MOST_MISSES) this.#flagHops = 0
  }

  /** Six bits of eight are 1,650 Hz; what is purer than they are is a tone. */
  #isFlag(look: ToneLook): boolean {
    if (look.shareAround(FLAG_HZ) < FLAG_SHARE_OF_ALL) return false
    const hz = look.strongestWithin(FLAG_OUTER_LOW_HZ, FLAG_OUTER_HIGH_HZ)
    if (hz < LOWEST_FLAG_HZ || hz > HIGHEST_FLAG_HZ) return false
    const share = look.shareAmid(FLAG_LOW_HZ, FLAG_HIGH_HZ, FLAG_OUTER_LOW_HZ, FLAG_OUTER_HIGH_HZ)
    return share > FLAG_SHARE && look.localShare < PURE * share
  }
}

const HOP_MS = 10
/** How much of a look a tone fills when it is first seen. */
const LOOK_FILLS_MS = 10
const CED_HZ = 2100
/** T.30 allows 15 Hz, a look 5 more. */
const CED_OFF_HZ = 20
const CED_LOW_HZ = 1700
const CED_HIGH_HZ = 2500
/** Of what lies between these two, and of all. */
const CED_SHARE = 0.75
const CED_SHARE_OF_ALL = 0.2
const CED_HOPS = 40
const CED_AFTER_SPEECH_HOPS = 160
const CED_MOST_MISSES = 5
const FLAG_HZ = 1650
const FLAG_SHARE_OF_ALL = 0.05
const LOWEST_FLAG_HZ = 1565
const HIGHEST_FLAG_HZ = 1785
const FLAG_LOW_HZ = 1530
const FLAG_HIGH_HZ = 1940
const FLAG_OUTER_LOW_HZ = 1150
const FLAG_OUTER_HIGH_HZ = 2350
const FLAG_SHARE = 0.62
const PURE = 0.97
const FLAG_MOST_MISSES = 2
/** The preamble lasts 850 ms and more. */
const FLAG_HOPS = 48

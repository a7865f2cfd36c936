import { sinePeak } from '../dsp/level.ts'
import { saturate } from '../dsp/mix.ts'
import type { ToneComponent, ToneStep } from '../engine/play-source.ts'

/** Where a generator is in its tone. */
export interface ToneState {
  readonly index: number
  readonly left: number
  readonly phase1: number
  readonly phase2: number
}

/**
 * Samples of a tone, step after step, at 8 kHz. Phases run on across steps and repetitions, so that a tone that
 * lasts through several steps has no click in it. Nothing is allocated after construction.
 *
 * `summation` adds both components. `modulation` lets the second one modulate the amplitude of the first, which
 * keeps its own level: `tone1 · (1 + m · sin tone2)` with a depth m of 1 for amplitude 0, 0.1 for amplitude 20.
 */
export class ToneGenerator {
  readonly #steps: readonly PreparedStep[]
  readonly #loop: boolean
  #index = 0
  /** Samples that are left of the step in progress. */
  #left: number
  #phase1 = 0
  #phase2 = 0

  /** Steps without any duration make no sound: the generator is at its end at once, looped or not. */
  constructor(steps: readonly ToneStep[], loop: boolean) {
    this.#steps = steps.map(prepare).filter((step) => step.samples > 0)
    this.#loop = loop
    this.#left = this.#steps[0]?.samples ?? 0
  }

  /** What another one goes on from, in another thread perhaps. */
  get state(): ToneState {
    return {
      index: this.#index,
      left: this.#left,
      phase1: this.#phase1,
      phase2: this.#phase2,
    }
  }

  set state(state: ToneState) {
    this.#index = state.index
    this.#left = state.left
    this.#phase1 = state.phase1
    this.#phase2 = state.phase2
  }

  /** Fills `into[0..length)` and returns how many samples there were until the end; the rest is silence. */
  readInto(into: Int16Array, length: number): number {
    let at = 0
    while (at < length && this.#left > 0) {
      const count = Math.min(this.#left, length - at)
      this.#render(this.#steps[this.#index]!, into, at, count)
      at += count
      this.#left -= count
      if (this.#left === 0) this.#nextStep()
    }
    into.fill(0, at, length)
    return at
  }

  #nextStep(): void {
    this.#index++
    if (this.#index === this.#steps.length) {
      if (!this.#loop) return
      this.#index = 0
    }
    this.#left = this.#steps[this.#index]!.samples
  }

  #render(step: PreparedStep, into: Int16Array, from: number, count: number): void {
    if (step.isSilent) {
      into.fill(0, from, from + count)
      this.#phase1 = (this.#phase1 + Math.imul(step.advance1, count)) | 0
      this.#phase2 = (this.#phase2 + Math.imul(step.advance2, count)) | 0
      return
    }
    let phase1 = this.#phase1
    let phase2 = this.#phase2
    for (let i = from; i < from + count; i++) {
      const first = step.gain1 * sineAt(phase1)
      const second = step.gain2 * sineAt(phase2)
      into[i] = saturate(Math.round(step.modulated ? first * (1 + second) : first + second))
      phase1 = (phase1 + step.advance1) | 0
      phase2 = (phase2 + step.advance2) | 0
    }
    this.#phase1 = phase1
    this.#phase2 = phase2
  }
}

interface PreparedStep {
  readonly samples: number
  /** As two thirds of ringing are: nothing to compute. */
  readonly isSilent: boolean
  readonly modulated: boolean
  readonly gain1: number
  readonly gain2: number
  /** Phases are 32-bit fractions of a turn, which wrap as turns do; these are added with each sample. */
  readonly advance1: number
  readonly advance2: number
}

function prepare(step: ToneStep): PreparedStep {
  const modulated = step.add === 'modulation' && step.tone1 !== undefined && step.tone2 !== undefined
  const gain1 = peakOf(step.tone1)
  const gain2 = modulated ? 10 ** (-step.tone2.amplitude / 20) : peakOf(step.tone2)
  return {
    samples: Math.max(0, Math.round(step.durationMs * 8)),
    isSilent: gain1 === 0 && (modulated || gain2 === 0),
    modulated,
    gain1,
    gain2,
    advance1: advanceOf(step.tone1),
    advance2: advanceOf(step.tone2),
  }
}

/** What lies above the telephone line's 4 kHz is not heard there, and must not fold back into it. */
function peakOf(tone: ToneComponent | undefined): number {
  return tone === undefined || tone.frequencyHz >= 4000 ? 0 : sinePeak(-tone.amplitude)
}

function advanceOf(tone: ToneComponent | undefined): number {
  return tone === undefined ? 0 : Math.round((tone.frequencyHz / 8000) * 2 ** 32) | 0
}

const TABLE_BITS = 10
const FRACTION_BITS = 32 - TABLE_BITS
/** One turn, and its first point again, so that the last interval can be interpolated like the others. */
const sineTable: Float64Array = Float64Array.from({ length: 2 ** TABLE_BITS + 1 }, (_, i) =>
  Math.sin((2 * Math.PI * i) / 2 ** TABLE_BITS),
)

/** Linear interpolation in 1,024 points errs by less than 5 parts in a million: under one 16-bit step. */
function sineAt(phase: number): number {
  const index = phase >>> FRACTION_BITS
  const fraction = (phase & (2 ** FRACTION_BITS - 1)) / 2 ** FRACTION_BITS
  return sineTable[index]! + fraction * (sineTable[index + 1]! - sineTable[index]!)
}

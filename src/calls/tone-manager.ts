import { UsageError } from '../kit/index.ts'
import { NATIONAL_TONES, TONE_PRESETS, type ToneStep, toneNamed } from '../media/index.ts'

/** One frequency of a tone. */
export interface ToneFrequency {
  /** 0..9999 Hz */
  frequency: number
  /** 0..99, in -dBm0: 13 is -13 dBm0 */
  amplitude: number
}

/** One step of a custom tone; without frequencies it is silence. */
export interface ToneDefinition {
  tone1?: ToneFrequency
  tone2?: ToneFrequency
  how: {
    /** 0..9999 ms */
    durationMs: number
    /** How two frequencies go together. Default 'summation'. */
    add?: 'summation' | 'modulation'
  }
}

/**
 * The tones that can be played by name: the presets, those of each country (`BUSY_DE`, `RINGBACK_FR`, `CALL_WAITING_SE`, ...:
 * RINGBACK, BUSY, CONGESTION, DIAL, CALL_WAITING, SIT and BEEP with a code of ISO 3166), and custom ones.
 */
export class ToneManager {
  readonly #added = new Map<string, readonly ToneStep[]>()
  #default = 'RINGBACK'

  /** The name that stands for the default tone, RINGBACK (US) unless {@link setDefault} chose another. */
  get default(): string {
    return this.#default
  }

  /**
   * Adds a tone, or replaces one of that name for what is played from then on. Up to 1,000 can be added.
   * @throws UsageError naming the value that is out of range
   */
  createTone(name: string, steps: readonly ToneDefinition[]): void {
    if (!/^[A-Za-z0-9_-]{1,48}$/.test(name))
      throw new UsageError(`"${name}" is not a tone name: use 1 to 48 of A-Z a-z 0-9 _ -`)
    if (steps.length === 0 || steps.length > 64)
      throw new UsageError(`tone ${name}: expected 1 to 64 steps, not ${steps.length}`)
    if (!this.#added.has(name) && toneNamed(name) === undefined && this.#added.size >= MOST_TONES)
      throw new UsageError(`tone ${name}: ${MOST_TONES} tones were added already; give those of one purpose one name`)
    this.#added.set(
      name,
      steps.map((step) => toStep(name, step)),
    )
  }

  /**
   * @throws UsageError when no tone has that name
   */
  setDefault(name: string): void {
    this.steps(name)
    this.#default = name
  }

  /**
   * The steps of a tone.
   * @throws UsageError listing the names that are known
   */
  steps(name: string): readonly ToneStep[] {
    const steps = this.#added.get(name) ?? toneNamed(name)
    if (steps === undefined)
      throw new UsageError(
        `no tone is called "${name}"; known: ${[...Object.keys(TONE_PRESETS), ...this.#added.keys()].join(', ')}, and such as BUSY_DE of ${Object.keys(NATIONAL_TONES).join(', ')}`,
      )
    return steps
  }
}

/** An application that makes a name for each call would fill the memory. */
const MOST_TONES = 1000

function toStep(name: string, { tone1, tone2, how }: ToneDefinition): ToneStep {
  const { durationMs, add = 'summation' } = how ?? {}
  if (add !== 'summation' && add !== 'modulation')
    throw new UsageError(`tone ${name}: add must be 'summation' or 'modulation', not ${JSON.stringify(add)}`)
  const component = (tone: ToneFrequency) => ({
    frequencyHz: inRange(name, 'frequency', tone.frequency, 9999),
    amplitude: inRange(name, 'amplitude', tone.amplitude, 99),
  })
  return {
    ...(tone1 && { tone1: component(tone1) }),
    ...(tone2 && { tone2: component(tone2) }),
    durationMs: inRange(name, 'durationMs', durationMs, 9999),
    add,
  }
}

function inRange(tone: string, what: string, value: number | undefined, max: number): number {
  if (value === undefined || !(value >= 0 && value <= max))
    throw new UsageError(`tone ${tone}: ${what} must be 0 to ${max}, not ${value}`)
  return value
}

import type { Instant } from '../../kit/index.ts'
import { levelDbm0, TONE_PRESETS, type ToneStep, toneLevelDbm0 } from '../../media/index.ts'

/** One stretch of sound with the same frequencies throughout. */
export interface HeardTone {
  /** One or two, ascending, Hz. */
  readonly frequencies: readonly number[]
  readonly startedAt: Instant
  durationMs: number
  /** It goes on. */
  isOpen: boolean
}

const HOP = 160
const HOP_MS = 20
/** Resolution of 10 Hz, so that 425, 440 and 450 Hz are told apart. */
const WINDOW = 5 * HOP
const QUIET_DBM0 = -40
/** The share of the energy that one or two sines must make up. */
const PURE = 0.85
const SECOND_TONE_DB = 9
const CANDIDATES = [
  350, 400, 425, 440, 450, 480, 620, 697, 770, 852, 941, 950, 1000, 1100, 1209, 1336, 1400, 1477, 1633, 1800, 2100,
]

/**
 * Hears which of the tones of telephone networks sound, when, and for how long. It listens 100 ms at a time: what is
 * shorter than 60 ms is nothing to it, and beginnings and ends are known to within 20 ms.
 */
export class ToneEar {
  readonly tones: HeardTone[] = []
  readonly #window = new Int16Array(WINDOW)
  readonly #rest = new Int16Array(WINDOW)
  #open: HeardTone | undefined

  /** Takes 20 ms of sound that begin at `now`; `undefined` for sound that is known to be something else. */
  hear(frame: Int16Array | undefined, now: Instant): void {
    this.#window.copyWithin(0, HOP)
    if (frame === undefined) this.#window.fill(0, WINDOW - HOP)
    else this.#window.set(frame, WINDOW - HOP)
    const isNowQuiet = frame === undefined || levelDbm0(frame) < QUIET_DBM0
    const found = isNowQuiet ? undefined : this.#findTones()
    const open = this.#open
    if (open !== undefined && !isNowQuiet && (found === undefined || same(found, open.frequencies))) {
      if (found !== undefined) open.durationMs = now + HOP_MS - open.startedAt
      else if (now + HOP_MS - open.startedAt - open.durationMs > 100) this.#close()
      return
    }
    this.#close()
    if (found === undefined) return
    const startedAt = now + HOP_MS - this.#loudMs()
    this.#open = { frequencies: found, startedAt, durationMs: now + HOP_MS - startedAt, isOpen: true }
    this.tones.push(this.#open)
  }

  #close(): void {
    if (this.#open !== undefined) this.#open.isOpen = false
    this.#open = undefined
  }

  /** How much of the end of the window sounds. */
  #loudMs(): number {
    let hops = 0
    while (hops < WINDOW / HOP) {
      const end = WINDOW - hops * HOP
      if (levelDbm0(this.#window.subarray(end - HOP, end)) < QUIET_DBM0) break
      hops++
    }
    return hops * HOP_MS
  }

  /** Only of a window that is wholly filled with sound, but for a beginning of at least 60 ms. */
  #findTones(): readonly number[] | undefined {
    const hops = this.#loudMs() / HOP_MS
    if (hops < 3) return undefined
    const sound = this.#window.subarray(WINDOW - hops * HOP)
    const rest = this.#rest.subarray(WINDOW - hops * HOP)
    rest.set(sound)
    const whole = power(rest)
    const first = strongest(rest)
    subtract(rest, first.frequency)
    if (power(rest) < (1 - PURE) * whole) return [first.frequency]
    const second = strongest(rest)
    subtract(rest, second.frequency)
    if (first.level - second.level > SECOND_TONE_DB || power(rest) > (1 - PURE) * whole) return undefined
    return [first.frequency, second.frequency].sort((a, b) => a - b)
  }
}

function strongest(samples: Int16Array): { frequency: number; level: number } {
  let best = { frequency: 0, level: Number.NEGATIVE_INFINITY }
  for (const frequency of CANDIDATES) {
    const level = toneLevelDbm0(samples, frequency)
    if (level > best.level) best = { frequency, level }
  }
  return best
}

/** Takes the best-fitting sine of that frequency out. */
function subtract(samples: Int16Array, frequency: number): void {
  const omega = (2 * Math.PI * frequency) / 8000
  let sine = 0
  let cosine = 0
  for (let i = 0; i < samples.length; i++) {
    const sample = samples[i] as number
    sine += sample * Math.sin(omega * i)
    cosine += sample * Math.cos(omega * i)
  }
  const scale = 2 / samples.length
  for (let i = 0; i < samples.length; i++)
    samples[i] = (samples[i] as number) - scale * (sine * Math.sin(omega * i) + cosine * Math.cos(omega * i))
}

function power(samples: Int16Array): number {
  let sum = 0
  for (const sample of samples) sum += sample * sample
  return sum
}

function same(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((each, i) => each === b[i])
}

/** Tones of machines, beside those that the exchange can play. */
const MACHINE_TONES = {
  /** A calling fax (ITU-T T.30 section 4.3.3.1). */
  CNG: [step(1100, 500), step(undefined, 3000)],
  /** A called fax (ITU-T T.30 section 4.3.3.2). */
  CED: [step(2100, 2600)],
} satisfies Record<string, readonly ToneStep[]>

/** The tones that ears know by name: the presets of the exchange, and those of machines. */
export const KNOWN_TONES: Readonly<Record<string, readonly ToneStep[]>> = { ...TONE_PRESETS, ...MACHINE_TONES }

function step(frequencyHz: number | undefined, durationMs: number): ToneStep {
  return { ...(frequencyHz !== undefined && { tone1: { frequencyHz, amplitude: 13 } }), durationMs, add: 'summation' }
}

/**
 * The names of the tones that a stretch can be: frequencies and length are those of the first step. A tone that is one
 * long step counts after 1.5 s of it.
 */
export function namesOf(tone: HeardTone): readonly string[] {
  return Object.entries(KNOWN_TONES)
    .filter(([, [first]]) => first !== undefined && isFirstStep(tone, first))
    .map(([name]) => name)
}

function isFirstStep(tone: HeardTone, { tone1, tone2, durationMs }: ToneStep): boolean {
  const wanted = [tone1, tone2].flatMap((each) => (each === undefined ? [] : [each.frequencyHz])).sort((a, b) => a - b)
  if (!same(tone.frequencies, wanted)) return false
  if (durationMs > 2000) return tone.durationMs >= 1500
  return !tone.isOpen && Math.abs(tone.durationMs - durationMs) <= 40 + 0.1 * durationMs
}

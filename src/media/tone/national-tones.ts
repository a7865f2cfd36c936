import type { ToneStep } from '../engine/play-source.ts'

/** What a network tells a caller by tones. */
export interface NationalTones {
  /** The called telephone rings. */
  readonly ringback: readonly ToneStep[]
  /** The called line is in use. */
  readonly busy: readonly ToneStep[]
  /** The network has no way to the called line. */
  readonly congestion: readonly ToneStep[]
  /** Digits may be dialled. */
  readonly dial: readonly ToneStep[]
  /** Somebody else calls. */
  readonly callWaiting: readonly ToneStep[]
  /** Special information: an announcement of failure follows (ITU-T E.180 section 8). */
  readonly information: readonly ToneStep[]
}

/** In -dBm0. */
const SINGLE = 13
const EACH_OF_TWO = 19
/** Of the second frequency, when it modulates: its depth is 100 %. */
const WHOLLY = 0
/** To be looped, as the others. */
const CONTINUOUS_MS = 5000

/**
 * The tones of national networks: the one table from which they are played and by which they are recognised. Frequencies
 * and cadences are those of ITU-T E.180 supplement 2 (Various tones used in national networks), as public tables repeat
 * it, where a country has several the first; of Australia, Great Britain, New Zealand, Russia and Singapore those of
 * ACIF S002, BT SIN 350, Telecom TNA 102, GOST 45.223 and IDA TS PSTN 1. Levels lie where networks put them, from -10 to
 * -24 dBm0; those of North America are those of its precise tone plan.
 *
 * A tone is frequencies in Hz (`440+480` both at once, `400x25` the first modulated by the second, `@24` at -24 dBm0 each)
 * and sound and pause by turns in ms; without them it is continuous.
 */
const LISTED = {
  AT: listed('420 1000 5000', '420 400 400', '420 200 200', '420', '420 40 1960'),
  AU: listed('413+438 400 200 400 2000', '425 375 375', '425 375 375', '413+438', '425 200 200 200 4400'),
  BE: listed('425 1000 3000', '425 500 500', '425 167 167', '425', '1400 175 175 175 3500', [900, 1400, 1800]),
  BG: listed('425 1000 4000', '425 500 500', '425 250 250', '425', '425 150 150 150 4000'),
  BR: listed('425 1000 4000', '425 250 250', '425 250 250 750 250', '425', '425 50 1000'),
  CH: listed('425 1000 4000', '425 500 500', '425 200 200', '425', '425 200 200 200 4000'),
  CN: listed('450 1000 4000', '450 350 350', '450 700 700', '450', '450 400 4000'),
  CZ: listed('425 1000 4000', '425 330 330', '425 165 165', '425 330 330 660 660', '425 330 9000'),
  DE: listed('425 1000 4000', '425 480 480', '425 240 240', '425', '425 200 200 200 5000'),
  DK: listed('425 1000 4000', '425 500 500', '425 200 200', '425', '425 200 600 200 3000'),
  ES: listed('425 1500 3000', '425 200 200', '425 200 200 200 200 200 600', '425', '425 175 175 175 3500'),
  /** No country: what most of Europe has. */
  EU: listed('425 1000 4000', '425 500 500', '425 250 250', '425', '425 200 600 200 3000'),
  FI: listed('425 1000 4000', '425 300 300', '425 200 200', '425', '425 150 150 150 8000'),
  FR: listed('440 1500 3500', '440 500 500', '440 250 250', '440', '440 300 9700'),
  GB: listed('400+450 400 200 400 2000', '400 375 375', '400 400 350 225 525', '350+440', '400 100 4000'),
  GR: listed('425 1000 4000', '425 300 300', '425 200 200', '425 200 300 700 800', '425 150 150 150 8000'),
  HU: listed('425 1250 3750', '425 300 300', '425 300 300', '425', '425 40 1960'),
  ID: listed('425 1000 4000', '425 500 500', '425 250 250', '425', '425 150 150 150 10000'),
  IL: listed('414 1000 3000', '414 500 500', '414 250 250', '414', '414 100 100 100 100 600 3000', [1000, 1400, 1800]),
  IN: listed('400x25 400 200 400 2000', '400 750 750', '400 250 250', '400x25', '400 200 100 200 7500'),
  IT: listed('425 1000 4000', '425 500 500', '425 200 200', '425 200 200 600 1000', '425 400 100 250 100 150 14000'),
  JP: listed('400x16 1000 2000', '400 500 500', '400 500 500', '400', '400x16 500 8000'),
  LT: listed('425 1000 4000', '425 350 350', '425 200 200', '425', '425 150 150 150 4000'),
  MX: listed('425 1000 4000', '425 250 250', '425 250 250', '425', '425 200 600 200 10000'),
  NL: listed('425 1000 4000', '425 500 500', '425 250 250', '425', '425 500 9500'),
  NO: listed('425 1000 4000', '425 500 500', '425 200 200', '425', '425 200 600 200 10000'),
  NZ: listed('400+450 400 200 400 2000', '400 500 500', '400 250 250', '400', '400 200 3000'),
  PH: listed('425+480 1000 4000', '480+620@24 500 500', '480+620@24 250 250', '425', '440 300 9700'),
  PL: listed('425 1000 4000', '425 500 500', '425 500 500', '425', '425 150 150 150 4000'),
  RU: listed('425 1000 4000', '425 350 350', '425 175 175', '425', '425 200 5000'),
  SE: listed('425 1000 5000', '425 250 250', '425 250 750', '425', '425 200 500 200 9100'),
  SG: listed('425x24 400 200 400 2000', '425 750 750', '425 250 250', '425', '425x24 300 200 300 3200'),
  TH: listed('420 1000 5000', '400 500 500', '400 300 300', '400x50', '1000 400 10000'),
  TW: listed('440+480 1000 2000', '480+620@24 500 500', '480+620@24 250 250', '350+440', '350+440 250 250 250 3250'),
  US: listed('440+480 2000 4000', '480+620@24 500 500', '480+620@24 250 250', '350+440@13', '440 300 9700'),
  VE: listed('425 1000 4000', '425 500 500', '425 250 250', '425', '400+450 300 6000'),
  ZA: listed(
    '400x33 400 200 400 2000',
    '400 500 500',
    '400 250 250',
    '400x33',
    '400x33 250 250 250 250 250 250 250 250',
  ),
} as const satisfies Record<string, NationalTones>

/** Countries whose tones are known, by their codes of ISO 3166; `EU` is the common European form. */
export type ToneCountry = keyof typeof LISTED

/** The tones of each country of {@link ToneCountry}. */
export const NATIONAL_TONES: Readonly<Record<ToneCountry, NationalTones>> = LISTED

/** What is said of a code in any case, and of those that share the tones of another. */
export function nationalTonesOf(code: string): NationalTones | undefined {
  const country = code.toUpperCase()
  const known = SHARED[country] ?? country
  return Object.hasOwn(NATIONAL_TONES, known) ? NATIONAL_TONES[known as ToneCountry] : undefined
}

/** Canada is part of the same numbering plan; UK is what many say. */
const SHARED: Readonly<Record<string, ToneCountry>> = { CA: 'US', UK: 'GB' }

function listed(
  ringback: string,
  busy: string,
  congestion: string,
  dial: string,
  callWaiting: string,
  information: readonly number[] = [950, 1400, 1800],
): NationalTones {
  return {
    ringback: stepsOf(ringback),
    busy: stepsOf(busy),
    congestion: stepsOf(congestion),
    dial: stepsOf(dial),
    callWaiting: stepsOf(callWaiting),
    information: [...information.flatMap((hz) => stepsOf(`${hz}@24 330`)), { durationMs: 1000, add: 'summation' }],
  }
}

function stepsOf(tone: string): ToneStep[] {
  const [sound = '', ...durations] = tone.split(' ')
  const [frequencies = '', level] = sound.split('@')
  const isModulated = frequencies.includes('x')
  const [first = 0, second] = frequencies.split(/[+x]/).map(Number)
  const amplitude = level === undefined ? (second === undefined || isModulated ? SINGLE : EACH_OF_TWO) : Number(level)
  const sounding = {
    tone1: { frequencyHz: first, amplitude },
    ...(second !== undefined && { tone2: { frequencyHz: second, amplitude: isModulated ? WHOLLY : amplitude } }),
    add: isModulated ? ('modulation' as const) : ('summation' as const),
  }
  if (durations.length === 0) return [{ ...sounding, durationMs: CONTINUOUS_MS }]
  return durations.map((ms, n) => (n % 2 === 0 ? { ...sounding, durationMs: Number(ms) } : pause(Number(ms))))
}

function pause(durationMs: number): ToneStep {
  return { durationMs, add: 'summation' }
}

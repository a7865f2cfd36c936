import type { ToneStep } from '../engine/play-source.ts'
import { NATIONAL_TONES, type NationalTones, nationalTonesOf } from './national-tones.ts'

const { US, EU, GB } = NATIONAL_TONES

/**
 * The tones that every exchange knows, by name: those without an ending are of the United States, `_EU` is the common
 * European form, `_UK` the British one. Most are meant to be looped; `BEEP` is to be played once. Those of other countries
 * are found by {@link toneNamed}.
 */
export const TONE_PRESETS = {
  RINGBACK: US.ringback,
  RINGBACK_EU: EU.ringback,
  RINGBACK_UK: GB.ringback,
  BUSY: US.busy,
  BUSY_EU: EU.busy,
  BUSY_UK: GB.busy,
  /** Also called reorder, or fast busy. */
  CONGESTION: US.congestion,
  CONGESTION_EU: EU.congestion,
  DIAL: US.dial,
  DIAL_EU: EU.dial,
  CALL_WAITING: US.callWaiting,
  /** Speak after it. */
  BEEP: [{ tone1: { frequencyHz: 1000, amplitude: 10 }, durationMs: 250, add: 'summation' }],
  SIT: US.information,
} as const satisfies Record<string, readonly ToneStep[]>

export type TonePreset = keyof typeof TONE_PRESETS

const BY_NAME: Readonly<Record<string, keyof NationalTones>> = {
  RINGBACK: 'ringback',
  BUSY: 'busy',
  CONGESTION: 'congestion',
  DIAL: 'dial',
  CALL_WAITING: 'callWaiting',
  SIT: 'information',
}

/**
 * A preset, or the tone of a country: `BUSY_DE` is the German one, `CALL_WAITING_FR` the French one. Its code is that of
 * ISO 3166. A beep is the same everywhere.
 */
export function toneNamed(name: string): readonly ToneStep[] | undefined {
  if (Object.hasOwn(TONE_PRESETS, name)) return TONE_PRESETS[name as TonePreset]
  const [, tone = '', country = ''] = /^([A-Z_]+)_([A-Z]{2})$/.exec(name) ?? []
  const national = nationalTonesOf(country)
  if (tone === 'BEEP' && national !== undefined) return TONE_PRESETS.BEEP
  return Object.hasOwn(BY_NAME, tone) ? national?.[BY_NAME[tone] as keyof NationalTones] : undefined
}

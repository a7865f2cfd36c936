import { AMD_DEFAULT, AMD_TUNED, asteriskAmd } from './asterisk-amd.ts'
import type { Detector } from './detector.ts'
import { ENERGY_OPERATOR_BEEP } from './energy-operator-beep.ts'
import { RINGDOWN, RINGDOWN_BY_DEFAULT, RINGDOWN_BY_SENSITIVITY } from './ringdown.ts'
import { ALWAYS_MACHINE, NINE_WORDS_RULE, SPEECH_LENGTH_RULE } from './simple-rules.ts'

/** All that are compared, ours first. */
export const DETECTORS: readonly Detector[] = [
  RINGDOWN,
  RINGDOWN_BY_DEFAULT,
  asteriskAmd('asterisk', 'rules of Asterisk AMD, defaults', AMD_DEFAULT),
  asteriskAmd('asterisk-tuned', 'rules of Asterisk AMD, tuned', AMD_TUNED),
  SPEECH_LENGTH_RULE,
  NINE_WORDS_RULE,
  ENERGY_OPERATOR_BEEP,
  ALWAYS_MACHINE,
  ...RINGDOWN_BY_SENSITIVITY,
]

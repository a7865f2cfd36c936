import type { ToneStep } from '../../../media/index.ts'
import type { PhoneKind } from '../phone-kind.ts'
import { type AnsweringOptions, sayIfThere, take } from './answering.ts'

/** A switchboard that puts every caller on hold with music. */
export function musicOnHold(options: AnsweringOptions = {}): PhoneKind {
  return {
    async onCall(phone) {
      await take(phone, options)
      await sayIfThere(phone, 'Please hold the line.')
      if (phone.state === 'ANSWERED') await phone.hum(MELODY, { loop: true })
      await phone.untilEnded()
    },
  }
}

/** Chords of three voices' worth of steps that are no tone of any network. */
const MELODY: readonly ToneStep[] = [262, 330, 392, 523, 392, 330].map((frequencyHz) => ({
  tone1: { frequencyHz, amplitude: 16 },
  tone2: { frequencyHz: frequencyHz * 1.5, amplitude: 20 },
  durationMs: 400,
  add: 'summation',
}))

import { seededRandom } from '../../../kit/index.ts'
import { sinePeak } from '../../dsp/level.ts'
import { SyntheticSpeaker } from '../../test/synthetic-sound.ts'
import type { FarEndEvent, FarEndOptions, FarEndSignal, FarEndVerdict } from '../far-end/far-end.ts'
import { FarEndDetector } from '../far-end/far-end-detector.ts'
import { addNoise, overG711 } from './call-sounds.ts'

export function silence(ms: number): Int16Array {
  return new Int16Array(8 * ms)
}

/** Somebody speaks, all the time and always in the same way for the same seed. */
export function speech(ms: number, seed = 1): Int16Array {
  const speaker = new SyntheticSpeaker(seededRandom(seed))
  const all = new Int16Array(8 * ms)
  const frame = new Int16Array(80)
  for (let at = 0; at < all.length; ) {
    speaker.speakInto(frame)
    // Its own pauses are left out: whoever asks for pauses says where.
    if (frame.every((value) => Math.abs(value) < 300)) continue
    all.set(frame.subarray(0, Math.min(80, all.length - at)), at)
    at += 80
  }
  return all
}

/** One frequency, or several at once, each of `levelDbm0`; it fades in and out within 3 ms. */
export function sines(ms: number, hz: readonly number[], levelDbm0 = -16): Int16Array {
  const all = new Int16Array(Math.round(8 * ms))
  const peak = sinePeak(levelDbm0)
  for (let i = 0; i < all.length; i++) {
    const edge = Math.min(1, (i + 1) / 24, (all.length - i) / 24)
    all[i] = edge * peak * hz.reduce((sum, each) => sum + Math.sin((2 * Math.PI * each * i) / 8000), 0)
  }
  return all
}

export function joined(...parts: readonly Int16Array[]): Int16Array {
  const all = new Int16Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return all
}

/** A sound with noise, as it comes through a line. */
export function noisy(sound: Int16Array, noiseDbm0: number, seed = 1): Int16Array {
  const copy = sound.slice()
  addNoise(copy, noiseDbm0, seededRandom(seed))
  return overG711(copy)
}

/** What a detector says of a call that begins at 0, with signals at their times. */
export function eventsIn(
  sound: Int16Array,
  signals: readonly (readonly [FarEndSignal, number])[] = [['answered', 0]],
  options?: FarEndOptions,
): FarEndEvent[] {
  const detector = new FarEndDetector(options)
  const events: FarEndEvent[] = []
  const waiting = [...signals]
  for (let at = 0; at < sound.length; at += 160) {
    const atMs = at / 8
    while (waiting[0] !== undefined && waiting[0][1] <= atMs) detector.signal(waiting.shift()![0], atMs)
    detector.hear(sound.subarray(at, at + 160), atMs)
    for (let event = detector.poll(); event !== undefined; event = detector.poll()) events.push(event)
  }
  return events
}

/** Verdicts as `final machine/voicemail`, in their order. */
export function verdictsOf(events: readonly FarEndEvent[]): string[] {
  return events
    .filter((event) => event.type === 'verdict')
    .map(({ stage, kind, fineKind }: FarEndVerdict) => `${stage} ${kind}/${fineKind}`)
}

export function finalOf(events: readonly FarEndEvent[]): FarEndVerdict | undefined {
  return events.find((event): event is FarEndVerdict => event.type === 'verdict' && event.stage === 'final')
}

import { integerBelow, type Random, seededRandom, uniform } from '../../../kit/index.ts'
import { codecNamed } from '../../codec/codec.ts'
import { sinePeak } from '../../dsp/level.ts'
import type { ToneStep } from '../../engine/play-source.ts'
import { ToneGenerator } from '../../tone/generator.ts'
import { CallToneDetector } from '../call-tone-detector.ts'

/** How a tone comes to us. */
export interface Line {
  /** Of each frequency, -dBm0. Default: what the steps say. */
  readonly amplitude?: number
  /** Of white noise, dBm0. Default: none. */
  readonly noiseDbm0?: number
  /** By how much the frequencies are off. */
  readonly offHz?: number
  /** By how much the cadence is slower, 1.1 for a tenth. */
  readonly slower?: number
  /** Into which of its steps the tone is cut, ms. */
  readonly startMs?: number
  /** Packets of this length, of which a share is lost. */
  readonly ptimeMs?: number
  readonly loss?: number
  readonly seed?: number
}

/** A tone as it comes through a line: its steps in a loop for so long, through G.711. */
export function toneOn(steps: readonly ToneStep[], durationMs: number, line: Line = {}): Int16Array {
  const { offHz = 0, slower = 1, startMs = 0, noiseDbm0, seed = 1 } = line
  const moved = steps.map((step) => ({
    ...step,
    durationMs: step.durationMs * slower,
    ...(step.tone1 && { tone1: moveTone(step.tone1, offHz, line.amplitude) }),
    ...(step.tone2 && { tone2: moveTone(step.tone2, step.add === 'modulation' ? 0 : offHz, line.amplitude) }),
  }))
  const all = new Int16Array((startMs + durationMs) * 8)
  new ToneGenerator(moved, true).readInto(all, all.length)
  const sound = all.slice(startMs * 8)
  if (noiseDbm0 !== undefined) addNoise(sound, noiseDbm0, seededRandom(seed))
  return overG711(sound)
}

function moveTone<T extends { frequencyHz: number; amplitude: number }>(tone: T, offHz: number, amplitude?: number): T {
  return { ...tone, frequencyHz: tone.frequencyHz + offHz, ...(amplitude !== undefined && { amplitude }) }
}

export function addNoise(samples: Int16Array, levelDbm0: number, random: Random): void {
  // A sine has half the power of its peak, an even distribution a third of its own.
  const most = sinePeak(levelDbm0) * Math.sqrt(3 / 2)
  for (let i = 0; i < samples.length; i++) samples[i] += Math.round(most * (2 * uniform(random) - 1))
}

export function overG711(samples: Int16Array): Int16Array {
  const codec = codecNamed('PCMU')
  const octets = new Uint8Array(samples.length)
  codec.encodeInto(samples, 0, samples.length, octets, 0)
  const out = new Int16Array(samples.length)
  codec.decodeInto(octets, 0, octets.length, out, 0)
  return out
}

/** What a detector says of the sound, each as `name` or `name:meaning`, without when. */
export function heardIn(samples: Int16Array, line: Line = {}, country?: string): string[] {
  const heard: string[] = []
  const detector = new CallToneDetector((sound, _ago, meaning) => {
    heard.push(meaning === undefined ? sound : `${sound}:${meaning}`)
  }, country)
  const { ptimeMs = 20, loss = 0, seed = 1 } = line
  const random = seededRandom(seed)
  const lost = Array.from({ length: Math.ceil(samples.length / (8 * ptimeMs)) }, () => uniform(random) < loss)
  const frame = new Int16Array(160)
  for (let at = 0; at + 160 <= samples.length; at += 160) {
    const first = Math.floor(at / (8 * ptimeMs))
    const last = Math.floor((at + 159) / (8 * ptimeMs))
    const isWhole = !lost.slice(first, last + 1).includes(true)
    // What is made up for a loss is something like it, or not.
    if (isWhole) frame.set(samples.subarray(at, at + 160))
    else for (let i = 0; i < 160; i++) frame[i] = (frame[i]! * (50 + integerBelow(random, 50))) / 100
    detector.hear(frame, isWhole)
  }
  return heard
}

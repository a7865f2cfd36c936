import { type Random, uniform } from '../../../kit/index.ts'
import { codecNamed } from '../../codec/codec.ts'
import { sinePeak } from '../../dsp/level.ts'
import { HIGH_GROUP_HZ, KEYPAD, LOW_GROUP_HZ } from '../digits.ts'

/** A press of a key as tones, and everything that can be wrong with it. */
export interface Press {
  readonly key: string
  /** Default 60 ms. */
  readonly durationMs?: number
  /** Silence after it. Default 60 ms. */
  readonly pauseMs?: number
  /** Level of each tone. Default -10 dBm0. */
  readonly lowDbm0?: number
  readonly highDbm0?: number
  /** By what part the frequencies are off. */
  readonly lowOff?: number
  readonly highOff?: number
}

/** Presses one after the other, over G.711, after 60 ms of silence; with noise of this level when a random is given. */
export function presses(list: readonly Press[], noiseDbm0 = -Infinity, random?: Random): Int16Array {
  const samples: number[] = new Array<number>(480).fill(0)
  for (const press of list) {
    const at = KEYPAD.indexOf(press.key)
    const lowHz = LOW_GROUP_HZ[at >> 2] * (1 + (press.lowOff ?? 0))
    const highHz = HIGH_GROUP_HZ[at & 3] * (1 + (press.highOff ?? 0))
    const low = sinePeak(press.lowDbm0 ?? -10)
    const high = sinePeak(press.highDbm0 ?? -10)
    for (let i = 0; i < Math.round((press.durationMs ?? 60) * 8); i++)
      samples.push(
        low * Math.sin((2 * Math.PI * lowHz * i) / 8000) + high * Math.sin((2 * Math.PI * highHz * i) / 8000),
      )
    for (let i = 0; i < Math.round((press.pauseMs ?? 60) * 8); i++) samples.push(0)
  }
  for (let i = 0; i < 800; i++) samples.push(0)
  // The level of a sine of peak 1 is 1 / sqrt(2), that of uniform noise of peak 1 is 1 / sqrt(3).
  const noisePeak = sinePeak(noiseDbm0) * Math.sqrt(1.5)
  const noise = (): number => (random === undefined ? 0 : noisePeak * (2 * uniform(random) - 1))
  return overG711(Int16Array.from(samples, (value) => Math.max(-32_768, Math.min(32_767, value + noise()))))
}

/** Codes and decodes samples in their place. */
export function overG711(samples: Int16Array): Int16Array {
  const octets = new Uint8Array(samples.length)
  codecNamed('PCMU').encodeInto(samples, 0, samples.length, octets, 0)
  codecNamed('PCMU').decodeInto(octets, 0, octets.length, samples, 0)
  return samples
}

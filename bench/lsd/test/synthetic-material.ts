import { integerBelow, type Random, seededRandom } from '../../../src/kit/index.ts'
import type { Clip, Material } from '../material.ts'
import type { Channel } from '../render/channel.ts'
import { fade, noiseOf, PER_MS, toneOf } from '../render/sound.ts'
import { findSpeech } from '../render/speech-edges.ts'
import type { SourceKind } from '../sources.ts'

/** A line that changes nothing but what G.711 does. */
export const PLAIN_CHANNEL: Channel = {
  levelDbm0: -20,
  lowHz: 200,
  highHz: 3500,
  tiltDb: 0,
  noiseDbm0: -100,
  law: 'pcmu',
  packetMs: 20,
  lossPercent: 0,
  isLossBursty: false,
  jitterMs: 0,
  isSilenceSuppressed: false,
  lateStartMs: 0,
  isSourceChangedAtAnswer: false,
}

const LENGTHS_MS: Readonly<Record<SourceKind, readonly number[]>> = {
  short: [500, 700],
  sentence: [1900, 3000],
  studio: [800, 1800, 3000],
  amateur: [900, 2500],
  synthetic: [1500, 2500],
  music: [20_000],
}

/** Bursts of noise in place of voices: material that every machine has. */
export class SyntheticMaterial implements Material {
  readonly #clips = new Map<SourceKind, readonly Clip[]>()
  readonly #sounds = new Map<string, Int16Array>()

  constructor() {
    for (const kind of Object.keys(LENGTHS_MS) as SourceKind[]) this.#clips.set(kind, this.#make(kind))
  }

  pick(random: Random, kinds: readonly SourceKind[], _split: string, fits: (clip: Clip) => boolean = () => true): Clip {
    const fitting = kinds.flatMap((kind) => this.#clips.get(kind)!).filter(fits)
    if (fitting.length === 0) throw new Error(`no ${kinds.join()} fits`)
    return fitting[integerBelow(random, fitting.length)]!
  }

  pickAlike(random: Random, clip: Clip, fits?: (clip: Clip) => boolean): Clip {
    return this.pick(random, [clip.kind], '', fits)
  }

  samples(clip: Clip): Int16Array {
    return this.#sounds.get(clip.name)!
  }

  fax(): Int16Array {
    return Int16Array.from(toneOf({ hz: [2100], durationMs: 2600 }, -10))
  }

  #make(kind: SourceKind): Clip[] {
    const names = kind === 'synthetic' ? ['greeting-0', 'short-0', 'screening-0', 'announcement-0'] : ['']
    return [...names, ...(kind === 'studio' || kind === 'amateur' ? ['digits-5'] : [])].flatMap((prefix) =>
      (prefix.startsWith('digits') ? [300] : LENGTHS_MS[kind]).map((lengthMs, n) => {
        const name = `${prefix}${prefix.startsWith('digits') ? '' : `${kind}${n}`}`
        const burst = noiseOf('pink', lengthMs * PER_MS, -18, seededRandom(lengthMs))
        fade(burst, 5, 5)
        const sound = new Int16Array((lengthMs + 600) * PER_MS)
        sound.set(Int16Array.from(burst), 300 * PER_MS)
        this.#sounds.set(name, sound)
        return { source: `synthetic-${kind}`, kind, name, file: name, lengthMs: lengthMs + 600, ...findSpeech(sound) }
      }),
    )
  }
}

import { chance, integerBelow, type Random, uniform } from '../../../src/kit/index.ts'

export type NoiseKind = 'white' | 'pink' | 'car' | 'street' | 'babble'
export type SecondCodec = 'gsm' | 'amr-nb' | 'g726'

/** What lies between the far end and us. Drawn before anybody knows who the far end is. */
export interface Channel {
  /** Of the active speech of the far end, and of its music. */
  readonly levelDbm0: number
  readonly lowHz: number
  readonly highHz: number
  /** How much louder 2 kHz is than 500 Hz. */
  readonly tiltDb: number
  readonly secondCodec?: SecondCodec
  readonly noise?: NoiseKind
  /** -100 where there is none. */
  readonly noiseDbm0: number
  /** Samples beyond this level are cut off; the mouth was too near. */
  readonly clipDbm0?: number
  readonly law: 'pcmu' | 'pcma'
  readonly packetMs: 10 | 20 | 30 | 40 | 60
  readonly lossPercent: 0 | 1 | 3
  readonly isLossBursty: boolean
  /** Mean of the exponentially distributed delay beyond the shortest. */
  readonly jitterMs: number
  /** Silence is not sent, but described once (RFC 3389). */
  readonly isSilenceSuppressed: boolean
  /** The first packets after the answer come so late that they are lost. */
  readonly lateStartMs: number
  readonly isSourceChangedAtAnswer: boolean
  /** A prompt of ours, which begins so long after the answer and comes back so much softer. */
  readonly echo?: {
    readonly afterMs: number
    readonly lengthMs: number
    readonly lossDb: number
    readonly delayMs: number
  }
}

export function drawChannel(random: Random): Channel {
  const between = (low: number, high: number) => low + (high - low) * uniform(random)
  const oneOf = <T>(values: readonly T[]): T => values[integerBelow(random, values.length)]!
  const levelDbm0 = between(-30, -8)
  const noiseClass = uniform(random)
  const noiseDbm0 = noiseClass < 0.2 ? -100 : noiseClass < 0.8 ? between(-60, -42) : between(-42, -32)
  const loss = uniform(random)
  const secondCodec = chance(random, 0.35) ? oneOf<SecondCodec>(['gsm', 'amr-nb', 'g726']) : undefined
  const noise = oneOf<NoiseKind>(['white', 'pink', 'car', 'street', 'babble'])
  const packetMs = chance(random, 0.8) ? 20 : oneOf([10, 30, 40, 60] as const)
  return {
    levelDbm0,
    lowHz: between(200, 320),
    highHz: between(3000, 3500),
    tiltDb: between(-5, 5),
    ...(secondCodec !== undefined && { secondCodec }),
    ...(noiseDbm0 > -100 && { noise }),
    noiseDbm0,
    ...(chance(random, 0.08) && { clipDbm0: levelDbm0 + between(3, 8) }),
    law: chance(random, 0.5) ? 'pcmu' : 'pcma',
    packetMs,
    lossPercent: loss < 0.6 ? 0 : loss < 0.82 ? 1 : 3,
    isLossBursty: loss >= 0.92,
    jitterMs: oneOf([0, 2, 8, 20]),
    isSilenceSuppressed: chance(random, 0.12),
    lateStartMs: chance(random, 0.1) ? between(40, 300) : 0,
    isSourceChangedAtAnswer: chance(random, 0.2),
    ...(chance(random, 0.08) && {
      echo: {
        afterMs: between(0, 1500),
        lengthMs: between(1500, 4000),
        lossDb: between(20, 40),
        delayMs: between(40, 250),
      },
    }),
  }
}

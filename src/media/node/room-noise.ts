import { ComfortNoise } from '../jitter/comfort-noise.ts'
import type { Arena } from '../wasm/arena.ts'
import { MIXER_FRAME } from './mixer.ts'

/**
 * What is heard in a room while nobody speaks, at -68 dBm0: a line that is quite dead seems to be cut off. Some frames of noise,
 * made once for all rooms of an engine and taken in an order that nobody notices.
 */
export class RoomNoise {
  readonly #narrow: readonly Int16Array[]
  readonly #wide: readonly Int16Array[]

  constructor(arena: Arena) {
    this.#narrow = framesOf(arena, MIXER_FRAME)
    this.#wide = framesOf(arena, 2 * MIXER_FRAME)
  }

  /** 20 ms for a round. */
  frame(round: number, length: number): Int16Array {
    const frames = length === MIXER_FRAME ? this.#narrow : this.#wide
    return frames[Math.imul(round, SCATTER) >>> SHIFT]!
  }
}

function framesOf(arena: Arena, length: number): Int16Array[] {
  const noise = new ComfortNoise(50 * length)
  noise.describe(Uint8Array.of(LEVEL_DBOV), 0, 1)
  // It fades in.
  for (let i = 0; i < 8; i++) noise.fill(new Int16Array(length), 0, length)
  return Array.from({ length: FRAMES }, () => {
    const frame = arena.int16(length)
    noise.fill(frame, 0, length)
    return frame
  })
}

/** Below a square wave at full scale, which is 6 dB above 0 dBm0. */
const LEVEL_DBOV = 74
const FRAMES = 32
const SHIFT = 27
/** Knuth's, for the golden ratio. */
const SCATTER = 0x9e37_79b1
